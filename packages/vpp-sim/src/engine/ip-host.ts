import {
  ETHERTYPE,
  ethernet,
  macText,
  type ParsedFrame,
  type ParsedIp,
  parseFrame,
  vxlanDecap,
  vxlanEncap,
} from '@taas/packets';
import type { Budget } from './budget.js';
import { type GreTable, type GreTunnel, grePayload, unwrapTeb } from './gre-tunnels.js';
import { hardwareOf, type Interface } from './interface.js';
import { IpAddresses } from './ip-addresses.js';
import { fitted } from './ip-fragments.js';
import { IpRoutes } from './ip-routes.js';
import {
  type NeighborMessage,
  Neighbors,
  neighborReply,
  neighborRequest,
  readArp,
  readDiscovery,
} from './neighbors.js';
import { newPacket, type Packet } from './packet.js';
import { changeTags } from './tag-rewrite.js';
import type { Tunnel, VxlanTable } from './vxlan-tunnels.js';

/** Bytes of the UDP and the VXLAN header, which VPP counts with what leaves by a tunnel. */
const VXLAN_HEADERS = 16;

/** Where the IP host's packets go on. */
export interface IpHostOutput {
  /** A frame for an interface's wire. */
  toInterface(packet: Packet): void;
  /** An unwrapped frame, received by a tunnel. */
  toL2Input(packet: Packet): void;
  drop(packet: Packet): void;
}

/** As much of an IP host as tunnels need: own addresses, neighbours, routes for what it sends itself. */
export class IpHost {
  readonly addresses = new IpAddresses();
  readonly neighbors = new Neighbors();
  readonly routes = new IpRoutes(this.addresses);

  constructor(
    private readonly vxlan: VxlanTable,
    private readonly gre: GreTable,
    private readonly output: IpHostOutput,
  ) {}

  /** A frame that came in by an interface in L3 mode. */
  receive(packet: Packet, by: Interface): void {
    const parsed = parseFrame(packet.frame);
    if (parsed === undefined) {
      this.output.drop(packet);
      return;
    }
    const message = neighborMessage(packet.frame, parsed);
    if (message !== undefined) {
      this.#receiveNeighbor(packet.budget, by, message);
      return;
    }
    const arrived =
      parsed.ip === undefined || this.addresses.owner(parsed.ip.dst) === undefined
        ? undefined
        : this.#unwrap(packet.frame, parsed.ip);
    if (arrived === undefined) {
      this.output.drop(packet);
      return;
    }
    const { tunnel, inner } = arrived;
    tunnel.counters.rxPackets += 1;
    tunnel.counters.rxBytes += inner.length;
    this.output.toL2Input(newPacket(inner, tunnel.swIfIndex, packet.budget));
  }

  /** The frame inside a packet for us, and the tunnel that it came by; undefined if it is no tunnel's. */
  #unwrap(frame: Uint8Array, ip: ParsedIp): { tunnel: Interface; inner: Uint8Array } | undefined {
    if (ip.protocol === 47) {
      const gre = ip.transportOffset === 0 ? undefined : unwrapTeb(frame, ip.transportOffset);
      const tunnel = gre && this.gre.match(ip.src, ip.dst, gre.key)?.interface;
      return gre === undefined || tunnel === undefined ? undefined : { tunnel, inner: gre.inner };
    }
    const vxlan = vxlanDecap(frame);
    const tunnel = vxlan === undefined ? undefined : this.vxlan.match(vxlan)?.interface;
    return vxlan === undefined || tunnel === undefined ? undefined : { tunnel, inner: vxlan.inner };
  }

  #receiveNeighbor(budget: Budget, by: Interface, message: NeighborMessage): void {
    const own = this.addresses.owner(message.target);
    if (message.isRequest && own?.interface === by) {
      this.neighbors.learn(by, message.sender, message.senderMac);
      this.#send(neighborReply(by, own.address, message), by, budget);
    }
    if (!message.isRequest) this.neighbors.learn(by, message.sender, message.senderMac);
  }

  /** Wraps a packet that leaves by a VXLAN tunnel and sends it towards the tunnel's end. */
  sendVxlan(packet: Packet, tunnel: Tunnel): void {
    const counters = tunnel.interface.counters;
    const { src, dst, dstPort, vni } = tunnel;
    counters.txPackets += 1;
    counters.txBytes += packet.frame.length + VXLAN_HEADERS + (dst.length === 4 ? 20 : 40);
    const inner = packet.frame;
    this.#sendTo(packet, dst, (srcMac, dstMac) =>
      vxlanEncap({ srcMac, dstMac, src, dst, srcPort: flowPort(inner), dstPort, vni }, inner),
    );
  }

  /**
   * The same for GRE. The tunnel's own counters stay at zero, as VPP's do; a tunnel that is down wraps in vain, and what is
   * longer than its own MTU goes nowhere, though the underlay might take it.
   */
  sendGre(packet: Packet, tunnel: GreTunnel): void {
    const wrapped = this.gre.wrap(tunnel, packet.frame);
    const fits = grePayload(tunnel, packet.frame) <= tunnel.interface.mtu;
    if (wrapped === undefined || !fits || !tunnel.interface.adminUp) {
      this.output.drop(packet);
      return;
    }
    const by = this.routes.resolve(tunnel.dst)?.interface;
    const ethertype = wrapped[0] === 0x60 ? ETHERTYPE.ip6 : ETHERTYPE.ip4;
    const fitting = by === undefined ? [wrapped] : fitted(wrapped, by.mtu || hardwareOf(by).mtu);
    if (fitting.length === 0) this.output.drop(packet);
    for (const each of fitting) this.#sendTo(packet, tunnel.dst, (src, dst) => ethernet({ src, dst }, ethertype, each));
  }

  #sendTo(packet: Packet, dst: Uint8Array, build: (srcMac: string, dstMac: string) => Uint8Array): void {
    const next = this.routes.resolve(dst);
    if (next === undefined) {
      this.output.drop(packet);
      return;
    }
    const { interface: by, own, neighbor } = next;
    const dstMac = this.neighbors.find(by, neighbor);
    if (dstMac === undefined) {
      this.#send(neighborRequest(by, own, neighbor), by, packet.budget);
      this.output.drop(packet);
      return;
    }
    this.#send(build(macText(by.mac), dstMac), by, packet.budget);
  }

  /** Asks for a neighbour that a tunnel will need: a packet that comes before the answer is lost. */
  probe(dst: Uint8Array, budget: Budget): void {
    const next = this.routes.resolve(dst);
    if (next === undefined || this.neighbors.find(next.interface, next.neighbor) !== undefined) return;
    this.#send(neighborRequest(next.interface, next.own, next.neighbor), next.interface, budget);
  }

  #send(frame: Uint8Array, by: Interface, budget: Budget): void {
    const tagged = withOwnTags(frame, by);
    const packet = newPacket(tagged, by.swIfIndex, budget);
    packet.tx = by.swIfIndex;
    this.output.toInterface(packet);
  }
}

function neighborMessage(frame: Uint8Array, parsed: ParsedFrame): NeighborMessage | undefined {
  if (parsed.ethertype === ETHERTYPE.arp) return readArp(frame, parsed.payloadOffset);
  if (parsed.ip?.version === 6 && parsed.ip.protocol === 58 && parsed.ip.transportOffset > 0)
    return readDiscovery(frame, parsed.ip.transportOffset, parsed.ip.src.slice());
  return undefined;
}

/** A sub-interface in L3 mode writes its own tags on what it sends. */
function withOwnTags(frame: Uint8Array, by: Interface): Uint8Array {
  const match = by.match;
  if (match === undefined || hardwareOf(by) === by || match.tagCount === 0) return frame;
  const tags = [
    { tpid: match.dot1ad ? ETHERTYPE.qinq : ETHERTYPE.vlan, vlan: match.outerVlan },
    { tpid: ETHERTYPE.vlan, vlan: match.innerVlan },
  ];
  return changeTags(frame, { pop: 0, push: tags.slice(0, match.tagCount) }) ?? frame;
}

/** A source port that differs by flow, as VPP's hash does, so that an underlay can spread the load. */
function flowPort(inner: Uint8Array): number {
  let hash = 0;
  for (let i = 0; i < 12; i += 1) hash = (hash * 31 + (inner[i] ?? 0)) & 0x3fff;
  return 0xc000 | hash;
}
