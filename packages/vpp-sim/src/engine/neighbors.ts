import { arp, ETHERTYPE, icmpEcho, internetChecksum, ipText, macText, onesComplementSum } from '@taas/packets';
import type { Interface } from './interface.js';

/** VPP does not pad its ARP to the least size of a frame. */
const ARP_BYTES = 42;
const BROADCAST = 'ff:ff:ff:ff:ff:ff';

/** Who answers to which IP address on an interface's network. Nothing waits for an answer, as nothing does in VPP. */
export class Neighbors {
  readonly #macs = new Map<string, string>();

  /** The neighbour's MAC address; undefined: not known, a question is due. */
  find(of: Interface, address: Uint8Array): string | undefined {
    return this.#macs.get(keyOf(of, address));
  }

  learn(of: Interface, address: Uint8Array, mac: string): void {
    this.#macs.set(keyOf(of, address), mac);
  }

  forget(of: Interface, address: Uint8Array): void {
    this.#macs.delete(keyOf(of, address));
  }

  /** Drops everything about an interface that is deleted. */
  forgetInterface(of: Interface): void {
    const prefix = `${of.swIfIndex}/`;
    for (const key of this.#macs.keys()) if (key.startsWith(prefix)) this.#macs.delete(key);
  }
}

function keyOf(of: Interface, address: Uint8Array): string {
  return `${of.swIfIndex}/${Buffer.from(address).toString('hex')}`;
}

/** The question who has `wanted`: an ARP request, or for IPv6 a neighbour solicitation (RFC 4861). */
export function neighborRequest(from: Interface, own: Uint8Array, wanted: Uint8Array): Uint8Array {
  const src = macText(from.mac);
  if (own.length === 4)
    return arp({ dst: BROADCAST, src, op: 1, senderIp: ipText(own), targetIp: ipText(wanted) }).subarray(0, ARP_BYTES);
  return discovery(135, src, BROADCAST, own, wanted, wanted, 1, from.mac);
}

/** A question or an answer about IPv4 or IPv6 neighbours, taken from a frame. */
export interface NeighborMessage {
  readonly isRequest: boolean;
  readonly senderMac: string;
  readonly sender: Uint8Array;
  readonly target: Uint8Array;
}

/** Reads an ARP packet that starts at `at`; undefined if it is not ARP for IPv4. */
export function readArp(frame: Uint8Array, at: number): NeighborMessage | undefined {
  if (frame.length < at + 28) return undefined;
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  const op = view.getUint16(at + 6);
  if (view.getUint16(at + 2) !== ETHERTYPE.ip4 || (op !== 1 && op !== 2)) return undefined;
  const sender = frame.slice(at + 14, at + 18);
  const target = frame.slice(at + 24, at + 28);
  return { isRequest: op === 1, senderMac: macText(frame, at + 8), sender, target };
}

/** Reads an ICMPv6 neighbour solicitation or advertisement; of an advertisement, `sender` is whom it speaks for. */
export function readDiscovery(frame: Uint8Array, at: number, src: Uint8Array): NeighborMessage | undefined {
  const type = frame[at];
  if ((type !== 135 && type !== 136) || frame.length < at + 24) return undefined;
  const target = frame.slice(at + 8, at + 24);
  return { isRequest: type === 135, senderMac: macText(frame, 6), sender: type === 135 ? src : target, target };
}

/** The answer to a request for `own`. */
export function neighborReply(from: Interface, own: Uint8Array, request: NeighborMessage): Uint8Array {
  const src = macText(from.mac);
  const dst = request.senderMac;
  if (own.length === 4)
    return arp({
      dst,
      src,
      op: 2,
      senderIp: ipText(own),
      targetIp: ipText(request.sender),
      targetMac: request.senderMac,
    }).subarray(0, ARP_BYTES);
  return discovery(136, src, dst, own, request.sender, own, 2, from.mac);
}

function discovery(
  type: number,
  src: string,
  dst: string,
  srcIp: Uint8Array,
  dstIp: Uint8Array,
  target: Uint8Array,
  option: number,
  mac: Uint8Array,
): Uint8Array {
  // An echo with a body of the right size gives the headers; the message itself is written over it.
  const frame = icmpEcho({
    src,
    dst,
    srcIp: ipText(srcIp),
    dstIp: ipText(dstIp),
    ttl: 255,
    payload: new Uint8Array(24),
  });
  const message = frame.subarray(54, 54 + 32);
  message.fill(0);
  message[0] = type;
  if (type === 136) message[4] = 0x60;
  message.set(target, 8);
  message.set([option, 1], 24);
  message.set(mac, 26);
  const sum = internetChecksum(message, onesComplementSum(srcIp) + onesComplementSum(dstIp) + 58 + message.length);
  new DataView(message.buffer, message.byteOffset).setUint16(2, sum);
  return frame;
}
