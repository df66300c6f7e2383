import { ETHERTYPE, IP_PROTOCOL } from './build.js';
import { type ParsedFrame, parseFrame } from './parse.js';

export const TCP_FLAG = { fin: 0x01, syn: 0x02, rst: 0x04, psh: 0x08, ack: 0x10, urg: 0x20 } as const;

/** What of a TCP segment says which bytes it has, and which its sender has had of the other. */
export interface TcpSegment {
  readonly seq: number;
  /** Counts only with the flag ack. */
  readonly ack: number;
  readonly flags: number;
  /** Bytes of payload by what the IP header says, however many of them were kept. */
  readonly payload: number;
}

/** The segment in a frame, of which the end may have been cut off; null for what is none, or a fragment. */
export function tcpSegment(frame: Uint8Array, parsed: ParsedFrame | undefined = parseFrame(frame)): TcpSegment | null {
  const ip = parsed?.ip;
  if (parsed === undefined || ip === undefined || ip.protocol !== IP_PROTOCOL.tcp || ip.fragment) return null;
  const at = ip.transportOffset;
  if (at + 14 > frame.length) return null;
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  const whole = ipLength(view, parsed);
  const header = 4 * (view.getUint8(at + 12) >> 4);
  const payload = parsed.payloadOffset + whole - at - header;
  if (header < 20 || payload < 0) return null;
  return { seq: view.getUint32(at + 4), ack: view.getUint32(at + 8), flags: view.getUint8(at + 13), payload };
}

function ipLength(view: DataView, { ethertype, payloadOffset }: ParsedFrame): number {
  return ethertype === ETHERTYPE.ip6 ? 40 + view.getUint16(payloadOffset + 4) : view.getUint16(payloadOffset + 2);
}
