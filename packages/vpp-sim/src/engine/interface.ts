import type { Budget } from './budget.js';

/** `~0`, VPP's "none" and "all". */
export const NO_INDEX = 0xffff_ffff;

/** Packets and bytes, as in VPP's statistics segment. */
export interface InterfaceCounters {
  rxPackets: number;
  rxBytes: number;
  txPackets: number;
  txBytes: number;
  /** Frames that came in by this interface and went nowhere. */
  drops: number;
  /** Frames that could not be sent because the interface or its link was down. */
  txErrors: number;
}

/** What an interface is made of. `local` is VPP's own interface 0. */
export type InterfaceKind = 'local' | 'port' | 'uplink' | 'loopback' | 'vxlan' | 'gre' | 'sub';

/**
 * How floods treat an interface (VPP's vnet_flood_class_t): never a loopback, unless it is the bridge domain's own
 * interface (BVI).
 */
export type FloodClass = 'normal' | 'tunnel' | 'no-flood' | 'bvi';

/** The tags that a sub-interface stands for. */
export interface SubInterfaceMatch {
  readonly subId: number;
  readonly tagCount: 0 | 1 | 2;
  readonly outerVlan: number;
  readonly innerVlan: number;
  /** The outer tag is 802.1ad, not 802.1Q. */
  readonly dot1ad: boolean;
  readonly exact: boolean;
  /** Takes every tagged frame that nothing else takes. */
  readonly defaultSub: boolean;
  readonly anyInner: boolean;
}

/** An interface; a sub-interface has a parent and shares its wire. */
export interface Interface {
  readonly swIfIndex: number;
  readonly kind: InterfaceKind;
  readonly name: string;
  /** VPP's name of the driver, as `sw_interface_details` gives it. */
  readonly deviceType: string;
  readonly mac: Uint8Array;
  readonly parent: Interface | undefined;
  readonly match: SubInterfaceMatch | undefined;
  /** Sub-interfaces by their id. */
  readonly subs: Map<number, Interface>;
  /** Sub-interfaces by the tags they take; see vlan-match.ts. */
  readonly tagTable: Map<number, Interface>;
  readonly counters: InterfaceCounters;
  /** Where frames go that leave by it; only of ports and uplinks. */
  transmit: ((frame: Uint8Array, budget: Budget) => void) | undefined;
  /** The vhost-user socket of a port, as VPP's own dump names it. */
  readonly socket: string | undefined;
  floodClass: FloodClass;
  adminUp: boolean;
  /** Whether a VM or a cable is attached; loopbacks and tunnels need none. */
  spanDestination: boolean;
  /** Of a sub-interface, the parent's counts. */
  linkUp: boolean;
  /** The longest IP packet that leaves by it; 0 leaves that to a sub-interface's parent. */
  mtu: number;
  tag: string;
}

/** What VPP gives interfaces before anybody says otherwise. */
export const DEFAULT_MTU = 9000;

/** The interface that owns the wire: the parent of a sub-interface, else the interface itself. */
export function hardwareOf(of: Interface): Interface {
  return of.parent ?? of;
}

export function newCounters(): InterfaceCounters {
  return { rxPackets: 0, rxBytes: 0, txPackets: 0, txBytes: 0, drops: 0, txErrors: 0 };
}
