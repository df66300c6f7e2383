import { macBytes } from '@taas/packets';
import { systemClock } from 'vpp-api';
import { AclTable } from './acl-table.js';
import { BridgeDomainTable } from './bridge-domain.js';
import type { Budget } from './budget.js';
import { ClassifierPolicing } from './classifier-policing.js';
import { ClassifierTables } from './classifier-table.js';
import { Forwarder } from './forwarder.js';
import { GRE_TYPE, type GreSpec, GreTable } from './gre-tunnels.js';
import { hardwareOf, type Interface, type InterfaceCounters, NO_INDEX, type SubInterfaceMatch } from './interface.js';
import { InterfaceTable } from './interface-table.js';
import type { IpHost } from './ip-host.js';
import { L2ConfigTable } from './l2-config.js';
import { INPUT } from './l2-features.js';
import { crossConnect, forgetInterface, joinBridge, type PortType, setL3 } from './l2-mode.js';
import { LoopbackInstances } from './loopback-instances.js';
import { FRAME_BUDGET } from './packet.js';
import { PolicerTable } from './policer-table.js';
import { EngineError } from './retval.js';
import { SpanTable } from './span-table.js';
import { TAG_REWRITE, tagOperation, tagRewrite, withBlankTags } from './tag-rewrite.js';
import { type TunnelSpec, VxlanTable } from './vxlan-tunnels.js';

/** A physical-like interface that the lab makes: a VM's port or an uplink. */
export interface DeviceSpec {
  readonly kind: 'port' | 'uplink';
  readonly name: string;
  readonly deviceType: string;
  readonly mac: Uint8Array;
  readonly transmit: (frame: Uint8Array, budget: Budget) => void;
  readonly socket?: string | undefined;
}

/** One simulated VPP without its API: what is configured, and how it forwards. */
export class Engine {
  readonly interfaces = new InterfaceTable();
  readonly l2 = new L2ConfigTable();
  readonly bridgeDomains = new BridgeDomainTable();
  readonly span = new SpanTable(this.l2);
  readonly acls: AclTable;
  readonly classifiers = new ClassifierTables(this.l2);
  readonly policers: PolicerTable;
  readonly policing: ClassifierPolicing;
  readonly tunnels = new VxlanTable();
  readonly gre = new GreTable();
  readonly forwarder: Forwarder;
  readonly #loopbacks = new LoopbackInstances();

  /** @param now milliseconds of a clock that never goes back: the machine's unless given */
  /** @param anyIp6Length as AclTable has it */
  constructor(now: () => number = systemClock.now, anyIp6Length = true) {
    this.acls = new AclTable(this.l2, anyIp6Length);
    this.policers = new PolicerTable(now);
    this.policing = new ClassifierPolicing(this.l2, this.classifiers, this.policers);
    const tables = {
      configs: this.l2,
      span: this.span,
      acls: this.acls,
      classifiers: this.classifiers,
      policing: this.policing,
    };
    this.forwarder = new Forwarder(this.interfaces, tables, this.tunnels, this.gre);
    this.interfaces.onChange((of, change) => {
      if (change === 'deleted') this.#forget(of);
      const tunnel = change === 'admin-up' ? this.gre.ofInterface(of.swIfIndex) : undefined;
      if (tunnel !== undefined) this.forwarder.probe(tunnel.dst, { left: FRAME_BUDGET });
    });
    this.interfaces.add({ kind: 'local', name: 'local0', deviceType: 'local', mac: new Uint8Array(6) });
  }

  get ip(): IpHost {
    return this.forwarder.ip;
  }

  /** All of a deleted interface but SPAN's table, the list of ethertypes and the classifier's tables, which VPP does not tell. */
  #forget(of: Interface): void {
    forgetInterface(this.l2, of, (index) => this.interfaces.find(index));
    this.acls.bind(of.swIfIndex, [], []);
    this.ip.addresses.removeAll(of);
    this.ip.neighbors.forgetInterface(of);
    this.ip.routes.forgetInterface(of);
  }

  /** Adds a device, administratively up and with link. */
  addDevice(spec: DeviceSpec): Interface {
    const added = this.interfaces.add(spec);
    this.interfaces.setAdmin(added, true);
    return added;
  }

  /** A frame arrives on a device's wire; `budget` comes along when a joined simulator sent it. */
  inject(swIfIndex: number, frame: Uint8Array, budget: Budget = { left: FRAME_BUDGET }): void {
    this.forwarder.inject(this.interfaces.get(swIfIndex), frame, budget);
  }

  /**
   * Adds a loopback, down. An all-zero `mac` gets VPP's own (de:ad:00:00:00 and the instance's low byte).
   * @throws EngineError INVALID_REGISTRATION when the instance is taken or above 16383.
   */
  createLoopback(mac: Uint8Array, instance?: number): Interface {
    const number = this.#loopbacks.take(instance);
    const ownMac = mac.some((byte) => byte !== 0) ? mac.slice() : Uint8Array.of(0xde, 0xad, 0, 0, 0, number & 0xff);
    const added = this.interfaces.add({
      kind: 'loopback',
      name: `loop${number}`,
      deviceType: 'Loopback',
      mac: ownMac,
      floodClass: 'no-flood',
    });
    this.#loopbacks.assign(added.swIfIndex, number);
    return added;
  }

  /** Of a loopback's sub-interface it deletes the loopback too. @throws EngineError INVALID_SW_IF_INDEX when it is neither. */
  deleteLoopback(swIfIndex: number): void {
    const found = hardwareOf(this.interfaces.get(swIfIndex));
    if (found.kind !== 'loopback') throw new EngineError('INVALID_SW_IF_INDEX', `${found.name} is not a loopback`);
    this.#loopbacks.release(found.swIfIndex);
    this.interfaces.delete(found);
  }

  /** An exact-match sub-interface for one 802.1Q tag. @throws EngineError INVALID_VLAN, VLAN_ALREADY_EXISTS. */
  createVlanSubInterface(swIfIndex: number, vlan: number): Interface {
    const parent = this.interfaces.get(swIfIndex);
    if (vlan < 1 || vlan > 4095) throw new EngineError('INVALID_VLAN', `VLAN ${vlan} is not in 1-4095`);
    const match = { subId: vlan, tagCount: 1, outerVlan: vlan, innerVlan: 0, exact: true, ...PLAIN } as const;
    return this.interfaces.addSub(parent.parent ?? parent, match, 'INVALID_REGISTRATION');
  }

  /** @throws EngineError UNSPECIFIED for tags that are taken or that VPP has not, UNIMPLEMENTED below a sub-interface. */
  createSubInterface(swIfIndex: number, match: SubInterfaceMatch): Interface {
    const parent = this.interfaces.get(swIfIndex);
    // VPP grants it and hangs it on interface 0's wire: nothing to rely on, so nothing to imitate.
    if (parent.kind === 'sub')
      throw new EngineError('UNIMPLEMENTED', `${parent.name} is a sub-interface, and cannot have one of its own`);
    if (match.tagCount === 2 && match.exact && match.anyInner)
      throw new EngineError('UNSPECIFIED', 'inner-dot1q any exact-match is unsupported');
    return this.interfaces.addSub(parent, match, 'UNSPECIFIED');
  }

  /** @throws EngineError INVALID_SW_IF_INDEX, INVALID_SUB_SW_IF_INDEX when it is not a sub-interface. */
  deleteSubInterface(swIfIndex: number): void {
    const found = this.interfaces.get(swIfIndex);
    if (found.kind !== 'sub') throw new EngineError('INVALID_SUB_SW_IF_INDEX', `${found.name} is no sub-interface`);
    this.interfaces.delete(found);
  }

  /** Adds a tunnel, administratively up. @throws EngineError as VxlanTable.add. */
  createVxlanTunnel(spec: TunnelSpec): Interface {
    const tunnel = this.tunnels.add(spec, (instance) => {
      const mac = macBytes('02:fe:00:00:00:00');
      new DataView(mac.buffer).setUint32(2, (instance * 2_654_435_761) >>> 0);
      const name = `vxlan_tunnel${instance}`;
      return this.interfaces.add({ kind: 'vxlan', name, deviceType: 'VXLAN', mac, floodClass: 'tunnel' });
    });
    this.interfaces.setAdmin(tunnel.interface, true);
    const config = this.l2.at(tunnel.interface.swIfIndex);
    config.inputFeatures = INPUT.DROP;
    this.forwarder.probe(tunnel.dst, { left: FRAME_BUDGET });
    return tunnel.interface;
  }

  /** Deletes a tunnel and returns the interface it had. @throws EngineError NO_SUCH_ENTRY. */
  deleteVxlanTunnel(spec: TunnelSpec): Interface {
    const tunnel = this.tunnels.remove(spec);
    this.interfaces.delete(tunnel.interface);
    return tunnel.interface;
  }

  /** Adds a GRE tunnel, administratively down. @throws EngineError as GreTable.add. */
  createGreTunnel(spec: GreSpec): Interface {
    return this.gre.add(spec, (instance) => {
      const l3 = spec.type === GRE_TYPE.L3;
      const mac = l3
        ? new Uint8Array(6)
        : Uint8Array.of(0xd0, 0x0b, 0xee, 0xd0, (instance >> 8) & 0xff, instance & 0xff);
      return this.interfaces.add({ kind: 'gre', name: `gre${instance}`, deviceType: 'GRE tunnel device', mac });
    }).interface;
  }

  /** Deletes a GRE tunnel and returns the interface it had. @throws EngineError NO_SUCH_ENTRY. */
  deleteGreTunnel(spec: GreSpec): Interface {
    const tunnel = this.gre.remove(spec);
    this.interfaces.delete(tunnel.interface);
    return tunnel.interface;
  }

  /** @throws EngineError INVALID_SW_IF_INDEX, BD_ID_EXCEED_MAX, BD_ALREADY_HAS_BVI. */
  joinBridge(swIfIndex: number, bdId: number, options: { portType?: PortType; shg?: number } = {}): void {
    const found = this.interfaces.get(swIfIndex);
    const bd = this.bridgeDomains.findOrAdd(bdId);
    joinBridge(this.l2, found, bd, options.portType ?? 'normal', options.shg ?? 0);
  }

  /** @throws EngineError INVALID_SW_IF_INDEX when either is not there. */
  crossConnect(from: number, to: number): void {
    this.interfaces.get(to);
    crossConnect(this.l2, this.interfaces.get(from), to);
  }

  /** @throws EngineError INVALID_SW_IF_INDEX. */
  setL3(swIfIndex: number): void {
    setL3(this.l2, this.interfaces.get(swIfIndex));
  }

  /** A refusal blanks the tags of the rewrite before. @throws EngineError INVALID_SW_IF_INDEX, INVALID_VALUE, INVALID_VLAN_TAG_COUNT. */
  rewriteTags(swIfIndex: number, op: number, pushDot1q = 1, tag1 = 0, tag2 = 0): void {
    const found = this.interfaces.get(swIfIndex);
    const config = this.l2.at(swIfIndex);
    const operation = tagOperation(op);
    if (config.rewrite !== undefined) config.rewrite = withBlankTags(config.rewrite);
    const rewrite = tagRewrite(found, operation, op, pushDot1q, tag1, tag2);
    const enabled = op !== TAG_REWRITE.DISABLED;
    config.rewrite = enabled ? rewrite : undefined;
    config.inputFeatures = enabled ? config.inputFeatures | INPUT.VTR : config.inputFeatures & ~INPUT.VTR;
  }

  /** @throws EngineError INVALID_SW_IF_INDEX when there is none, or it is not in L2 mode: then VPP has no bits to show. */
  featureBits(swIfIndex: number): { input: number; output: number } {
    this.interfaces.get(swIfIndex);
    const config = this.l2.find(swIfIndex);
    if (config === undefined || config.mode === 'l3')
      throw new EngineError('INVALID_SW_IF_INDEX', `interface ${swIfIndex} is not in L2 mode`);
    return { input: config.inputFeatures >>> 0, output: config.outputFeatures >>> 0 };
  }

  /** The counters of an interface, or undefined if there is none. */
  countersOf(swIfIndex: number): InterfaceCounters | undefined {
    return swIfIndex === NO_INDEX ? undefined : this.interfaces.find(swIfIndex)?.counters;
  }
}

const PLAIN = { dot1ad: false, defaultSub: false, anyInner: false } as const;
