import type { GreTunnelView } from './actual-gre.js';
import type { FrameClassifier } from './frame-classifier.js';
import type { ActualRoute } from './underlay.js';

/** What VPP has, in the words of the wiring; every index is VPP's own. Addresses are text, as `canonicalAddress` writes. */
export interface ActualInterface {
  readonly index: number;
  readonly name: string;
  readonly tag: string;
  /** The parent's index; the interface's own for a hardware interface, loopback or tunnel. */
  readonly supIndex: number;
  /** 0 unless a sub-interface. */
  readonly subId: number;
  readonly vlan: VlanMatch | null;
  readonly adminUp: boolean;
  readonly mac: string;
  /** VPP's L2 VLAN tag rewrite operation: 0 none, 3 pop one tag (vnet/l2/l2_vtr.h). */
  readonly rewrite: number;
  /** The path of a vhost-user interface's socket, if VPP was asked for it. */
  readonly socket?: string;
  readonly mtu?: InterfaceMtu;
}

/** The longest packet that may leave, in bytes without the Ethernet header; 0 is no limit that VPP knows of. */
export interface InterfaceMtu {
  readonly packet: number;
  readonly ip4: number;
  readonly ip6: number;
}

/** Which frames of its parent a sub-interface takes. */
export interface VlanMatch {
  readonly outer: number;
  /**
   * `exact`: frames with this one 802.1Q tag and no other. `outer`: with this 802.1Q tag first, whatever follows, which is
   * what a link needs, since a copy may have a tag of its own. `other`: anything else, which we never make.
   */
  readonly match: 'exact' | 'outer' | 'other';
}

export interface ActualBridgeDomain {
  readonly id: number;
  readonly tag: string;
  readonly flags: BridgeFlags;
  /** Split-horizon group by interface index: all that frames are flooded to. */
  readonly members: ReadonlyMap<number, number>;
  /**
   * The interface by which frames to one address leave, instead of being flooded (VPP's uu-fwd port); null: there is none.
   * It is no member: floods pass it by, and VPP deletes a bridge domain that has one, but none with members.
   */
  readonly unicast: number | null;
}

/** Where an interface is; `shg` null: it takes the unicast, and VPP does not tell its group. */
export interface Membership {
  readonly bridgeDomain: number;
  readonly shg: number | null;
}

export interface BridgeFlags {
  readonly learn: boolean;
  readonly forward: boolean;
  readonly flood: boolean;
  readonly uuFlood: boolean;
  readonly arpTerm: boolean;
}

/** The L2 feature bitmaps of l2_flags_get; null where the interface is in no bridge domain and no cross-connect. */
export type L2Features = { readonly input: number; readonly output: number } | null;

/** Bits of {@link L2Features} (VPP's vnet/l2/l2_input.h and l2_output.h). */
export const featureBits = {
  inputFlood: 1 << 2,
  inputUuFlood: 1 << 5,
  inputForward: 1 << 7,
  inputLearn: 1 << 9,
  /** Classifier tables of ours: what VPP calls the input ACL of an interface. */
  inputClassifier: 1 << 14,
  /** Policers by classifier tables. */
  inputPolicer: 1 << 16,
  /** The ACL plugin's. */
  inputAcl: 1 << 17,
  inputSpan: 1 << 19,
  outputSpan: 1 << 1,
} as const;

/** Features that let a frame which came in by an interface go on to another member of the bridge domain. */
export const forwardingBits =
  featureBits.inputFlood | featureBits.inputUuFlood | featureBits.inputForward | featureBits.inputLearn;

/** What is mirrored, as VPP counts: 1 received (from the VM), 2 transmitted (to the VM), 3 both, 0 nothing. */
export type SpanState = 0 | 1 | 2 | 3;

export interface ActualTunnel {
  readonly index: number;
  readonly local: string;
  readonly remote: string;
  readonly vni: number;
}

export interface ActualAcl {
  readonly index: number;
  readonly tag: string;
  readonly rules: readonly AclRule[];
}

/** One rule of a stateless ACL; prefixes as `address/length`, port ranges inclusive. */
export interface AclRule {
  readonly permit: boolean;
  readonly source: string;
  readonly destination: string;
  readonly protocol: number;
  readonly sourcePorts: readonly [number, number];
  readonly destinationPorts: readonly [number, number];
}

/** ACL indices in the order in which they are tried. */
export interface AclBinding {
  readonly input: readonly number[];
  readonly output: readonly number[];
}

/** The head of a chain of tables that is applied to what an interface receives; `classifier` null: not one of ours. */
export interface ActualClassifier {
  readonly table: number;
  readonly classifier: FrameClassifier | null;
}

export interface ActualPolicer {
  readonly name: string;
  /** kbit/s; null: not one that we would make. */
  readonly kbps: number | null;
}

/** What polices the frames that come in by an interface. */
export interface ActualPolicing {
  readonly table: number;
  /** Whether the table is of our making. */
  readonly isOurs: boolean;
  /** The policer that the table names; null: none, or one of others. */
  readonly policer: { readonly index: number; readonly name: string } | null;
}

/** A read-only view of VPP with the look-ups that planning needs, each in constant time. */
export interface ActualView {
  interface(index: number): ActualInterface | undefined;
  interfaces(): Iterable<ActualInterface>;
  tagged(tag: string): Iterable<ActualInterface>;
  subInterfaces(parent: number): Iterable<ActualInterface>;
  socketsNamed(portId: string): Iterable<ActualInterface>;
  named(name: string): ActualInterface | undefined;
  bridgeDomain(id: number): ActualBridgeDomain | undefined;
  bridgeDomains(): Iterable<ActualBridgeDomain>;
  bridgeDomainsTagged(tag: string): Iterable<ActualBridgeDomain>;
  membership(index: number): Membership | undefined;
  /** Mirror state by destination, of one source. */
  spansFrom(index: number): ReadonlyMap<number, SpanState>;
  spansTo(index: number): Iterable<number>;
  spanSources(): Iterable<number>;
  /** The mirror was to an interface of ours that has gone since: whoever has the index now must not get the copies. */
  isOrphanSpan(from: number, to: number): boolean;
  /** Mirrors whose source or destination is gone, or was when they were last heard of, and orphans. */
  brokenSpans(): Iterable<readonly [from: number, to: number]>;
  /** Undefined: not read yet. */
  features(index: number): L2Features | undefined;
  tunnel(index: number): ActualTunnel | undefined;
  tunnelBetween(local: string, remote: string, vni: number): ActualTunnel | undefined;
  readonly gre: GreTunnelView;
  /** How VPP sends to an address; undefined: not asked. */
  route(address: string): ActualRoute | undefined;
  aclsTagged(tag: string): Iterable<ActualAcl>;
  acls(): Iterable<ActualAcl>;
  binding(index: number): AclBinding;
  /** The ethertypes to which an interface's input ACLs are limited, in ascending order; none: not limited. */
  etherTypes(index: number): readonly number[];
  /** Interfaces with such a list. */
  listed(): Iterable<number>;
  classifier(index: number): ActualClassifier | undefined;
  /** Ours, by name. */
  policer(name: string): ActualPolicer | undefined;
  policers(): Iterable<ActualPolicer>;
  policing(index: number): ActualPolicing | undefined;
  /** Interfaces with policing. */
  policed(): Iterable<number>;
  /** Those whose policer has this name. */
  policedBy(name: string): Iterable<number>;
  /** Heads of chains that are ours and on no interface. */
  spareClassifiers(): Iterable<number>;
}
