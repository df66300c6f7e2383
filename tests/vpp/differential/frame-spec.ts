import { MIN_FRAME, parseFrame, udp } from '@taas/packets';
import { tunnelText } from './tunnel-text.js';

/** A frame as a scenario names it: a number that tells it from every other, and what matters of it. */
export interface FrameSpec {
  readonly n: number;
  /** VLAN ids of its 802.1Q tags, the outermost first. */
  readonly tags?: readonly number[];
  /** MAC addresses; by default from 02:00:00:00:00:01 to everybody. */
  readonly src?: string;
  readonly dst?: string;
  /** UDP destination port, for filters. */
  readonly port?: number;
  /** Bytes of payload, 40 unless given. */
  readonly size?: number;
}

export function frame(n: number, more: Omit<FrameSpec, 'n'> = {}): FrameSpec {
  return { n, ...more };
}

/** Byte 0 to 3 of the payload say the number, byte 4 to 7 that the frame is one of ours. */
const MARK = 0x7a95_7e57;

export function builtFrame(spec: FrameSpec): Uint8Array {
  const payload = new Uint8Array(spec.size ?? 40);
  const view = new DataView(payload.buffer);
  view.setUint32(0, spec.n);
  view.setUint32(4, MARK);
  return udp({
    src: spec.src ?? '02:00:00:00:00:01',
    dst: spec.dst ?? 'ff:ff:ff:ff:ff:ff',
    srcIp: '192.0.2.1',
    dstIp: '192.0.2.2',
    srcPort: 1000,
    dstPort: spec.port ?? 2000,
    payload,
    tags: (spec.tags ?? []).map((vlan) => ({ vlan })),
  });
}

/**
 * A delivered frame in words: `3` is frame 3 as it was sent but for its tags, which follow as in `3[100]`; `altered` and
 * its bytes tell of any other change. A tunnel's packet is its outer header with what it carries.
 */
export function frameText(bytes: Uint8Array, sent: ReadonlyMap<number, FrameSpec>): string {
  const parsed = parseFrame(bytes);
  const at = parsed?.ip?.transportOffset ?? 0;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (parsed === undefined || at === 0 || bytes.length < at + 16 || view.getUint32(at + 12) !== MARK)
    return tunnelText(bytes, (inner) => frameText(inner, sent)) ?? `unknown ${hex(bytes)}`;
  const n = view.getUint32(at + 8);
  const tags = parsed.tags.map(({ tpid, vlan }) => (tpid === 0x8100 ? `${vlan}` : `${tpid.toString(16)}:${vlan}`));
  const name = tags.length === 0 ? `${n}` : `${n}[${tags.join(',')}]`;
  const spec = sent.get(n);
  if (spec === undefined) return `${name} never sent`;
  const untouched = Buffer.concat([bytes.subarray(0, 12), bytes.subarray(parsed.payloadOffset - 2)]);
  const wanted = Buffer.from(builtFrame({ ...spec, tags: [] }));
  return withoutPadding(untouched).equals(withoutPadding(wanted)) ? name : `${name} altered ${hex(bytes)}`;
}

/** What the least size of a frame adds to a short one depends on how many tags it once had. */
function withoutPadding(bytes: Buffer): Buffer {
  const ipLength = bytes.readUInt16BE(16);
  return bytes.length <= MIN_FRAME ? bytes.subarray(0, 14 + ipLength) : bytes;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
