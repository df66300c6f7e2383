import type { InterfaceCounters } from '@taas/agent';

/** An Ethernet frame without preamble and FCS. */
export type Frame = Uint8Array;

/** A VM's port as networking-vpp would have made it: an interface with its tag, up, in its network's bridge domain. */
export interface LabPort {
  /** Neutron's port id. */
  readonly id: string;
  readonly bridgeDomain: number;
  readonly swIfIndex: number;
}

export interface PortOptions {
  readonly id: string;
  readonly bridgeDomain: number;
  /** Default: networking-vpp's tag `net-vpp.port:<id>`; null leaves the port without one. */
  readonly tag?: string | null;
  /**
   * Path of its vhost-user socket. On a real VPP the port then belongs to the VM that attaches there (`VhostVm`): only that
   * can send, and see what comes.
   */
  readonly socket?: string;
  /** Its VM can be taken away and brought back, by {@link LabSwitch.setAttached}. */
  readonly detachable?: boolean;
}

/** A network outside of the cloud: an interface of the switch with addresses on it, and who is there. */
export interface OutsideOptions {
  readonly id: string;
  /** With prefix lengths. */
  readonly addresses: readonly string[];
  /** They answer to nothing, so the switch is told their MAC addresses. */
  readonly neighbours: readonly { readonly address: string; readonly mac: string }[];
  /** The longest IP packet that leaves by it. */
  readonly mtu: number;
}

/** This machine on a network of a switch: programs here can be sent datagrams. */
export interface HostOptions {
  /** The switch's address there, with its prefix length. */
  readonly address: string;
  /** This machine's. */
  readonly host: string;
  /** Addresses of this machine to which the switch sends through `host`. */
  readonly behind: readonly string[];
  /** Addresses of the switch that it sends from. */
  readonly from: readonly string[];
  /** A datagram that the simulator sends here; those of a real VPP come by the kernel, to whoever has a socket. */
  readonly onDatagram: (payload: Uint8Array, from: string) => void;
}

/** A datagram from a port and an address of this machine to one of the switch's. */
export type FromHost = (datagram: { readonly from: string; readonly to: string; readonly payload: Uint8Array }) => void;

export interface SubportOptions {
  readonly id: string;
  readonly vlan: number;
  readonly bridgeDomain: number;
}

/** What a port is given while somebody looks. */
export interface Capture {
  /** Frames given to the port so far. */
  count(): Promise<number>;
  /** Ends the capture. */
  stop(): Promise<readonly Frame[]>;
}

/** What an interface has counted since it was made. */
export type PortCounters = InterfaceCounters;

/**
 * One node's virtual switch with ports that can send and capture, in a private directory of its own: a real VPP or the
 * simulator. It plays networking-vpp's part too: it makes the ports and their bridge domains.
 */
export interface LabSwitch {
  readonly kind: 'real' | 'sim';
  /** For people, e.g. `vpp v26.06-release`. */
  readonly description: string;
  readonly apiSocket: string;
  /** Where its `*.api.json` files are, for releases that cannot say what their messages are. */
  readonly apiFolders: readonly string[];
  addPort(options: PortOptions): Promise<LabPort>;
  removePort(port: LabPort): Promise<void>;
  /**
   * A trunk's subport as networking-vpp makes it: a sub-interface of the trunk's port for one VLAN, whose tag is taken off on
   * the way in. What is sent to it or captured of it goes by the trunk's port.
   */
  addSubport(trunk: LabPort, options: SubportOptions): Promise<void>;
  /** Takes the VM of a detachable port away, or brings it back. Resolves when the port's link is down, or up. */
  setAttached(port: LabPort, attached: boolean): Promise<void>;
  /** Takes the port out of its bridge domain, or puts it into another one: a re-bind. */
  bridgePort(port: LabPort, bridgeDomain: number | null): Promise<LabPort>;
  /** Puts the uplink into a bridge domain, as networking-vpp does for a flat network, or (null) takes it out again. */
  bridgeUplink(bridgeDomain: number | null): Promise<void>;
  uplinkMac(): Promise<string>;
  /** Frames enter the switch at the port, as though its VM had sent them. Resolves when the switch has taken them all. */
  send(port: LabPort, frames: readonly Frame[]): Promise<void>;
  capture(port: LabPort): Promise<Capture>;
  /** What the switch sends outside can be captured at the port that it is. */
  addOutside(options: OutsideOptions): Promise<LabPort>;
  /**
   * Until the switch stops. On a real VPP it takes a right to make network interfaces, and datagrams come from whoever has a socket.
   * @returns sends a datagram to the simulator from this machine; null where the kernel does
   */
  addHost(options: HostOptions): Promise<FromHost | null>;
  setMtu(port: LabPort, mtu: number): Promise<void>;
  /** Sends packets for a prefix through an address, or (null) not any more. */
  route(prefix: string, via: string | null): Promise<void>;
  /** A fault: what is mirrored to the interface comes to nothing, and nothing that the agent reads shows it. */
  swallowCopies(swIfIndex: number, isBroken: boolean): Promise<void>;
  /** The counters of every interface, by sw_if_index. */
  counters(): Promise<ReadonlyMap<number, PortCounters>>;
  /** Whether a port that is removed gives its sw_if_index to the next one: old VPPs keep a packet generator's interface for good. */
  readonly freesIndices: boolean;
  /** Number of requests that changed the switch's configuration, where the switch can tell. */
  writes(): number | undefined;
  /** Kills the switch and starts it again, empty but for its devices: uplinks, and the ports as they stood. */
  restart(): Promise<void>;
  /** Kills the switch: nothing of it answers or forwards until {@link restart}. */
  kill(): Promise<void>;
  stop(): Promise<void>;
}

/** Where copies cross between nodes. */
export interface Uplink {
  readonly physnet: string;
  /** The node's address for VXLAN tunnels, with its prefix length. */
  readonly tunnelAddress: string;
}
