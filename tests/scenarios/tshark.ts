import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Frame } from '@taas/lab';
import { encodePcap } from '@taas/packets';

/** A packet as tshark reads it. Fragments but the last of a packet have no GRE. */
export interface DecodedPacket {
  readonly from: string;
  readonly to: string;
  /** GRE's protocol, 0x6558 or 0x88be; null for what is no GRE. */
  readonly gre: number | null;
  readonly key: number | null;
  readonly erspanVersion: number | null;
  readonly session: number | null;
  readonly sequence: number | null;
  /** The frame inside; empty for a packet that was put together from fragments. */
  readonly inner: Frame;
  /** What the UDP datagram inside carries, in hexadecimal, from fragments too. */
  readonly payload: string | null;
}

const fields = [
  ...['ip.src', 'ip.dst', 'ipv6.src', 'ipv6.dst', 'gre.proto', 'gre.key', 'erspan.version', 'erspan.spanid'],
  ...['gre.sequence_number', 'udp.payload'],
] as const;

const run = promisify(execFile);

/**
 * What Wireshark's own dissectors make of captured frames: a word on our encapsulation that is not ours.
 * @throws Error when there is no tshark
 */
export async function decodeWithTshark(frames: readonly Frame[]): Promise<DecodedPacket[]> {
  if (frames.length === 0) return [];
  const directory = mkdtempSync(join(tmpdir(), 'taas-tshark-'));
  try {
    const file = join(directory, 'frames.pcap');
    writeFileSync(
      file,
      encodePcap(
        frames.map((frame) => ({ frame, timeNs: 0n })),
        'us',
      ),
    );
    const options = ['-n', '-r', file, '-o', 'ip.defragment:TRUE', '-E', 'occurrence=f'];
    const { stdout } = await run('tshark', [...options, '-T', 'fields', ...fields.flatMap((field) => ['-e', field])], {
      maxBuffer: 64 * 1024 * 1024,
    });
    const lines = stdout.split('\n').slice(0, frames.length);
    return lines.map((line, n) => decoded(line.split('\t'), frames[n] ?? new Uint8Array(0)));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function decoded(values: readonly string[], frame: Frame): DecodedPacket {
  const value = (field: (typeof fields)[number]): string => values[fields.indexOf(field)] ?? '';
  const number = (field: (typeof fields)[number]): number | null => (value(field) === '' ? null : Number(value(field)));
  // The first occurrence: the outer packet's, which may be of IPv6 around IPv4, and the other way round.
  const ip6 = frame[12] === 0x86;
  const gre = number('gre.proto');
  const offset = 14 + (ip6 ? 40 : 20) + 4 + (gre === 0x88be ? 12 : number('gre.key') === null ? 0 : 4);
  return {
    from: value(ip6 ? 'ipv6.src' : 'ip.src'),
    to: value(ip6 ? 'ipv6.dst' : 'ip.dst'),
    gre,
    key: number('gre.key'),
    erspanVersion: number('erspan.version'),
    session: number('erspan.spanid'),
    sequence: number('gre.sequence_number'),
    inner: isFragment(frame, ip6) ? new Uint8Array(0) : frame.subarray(offset),
    payload: value('udp.payload') || null,
  };
}

function isFragment(frame: Frame, ip6: boolean): boolean {
  return !ip6 && (((frame[20] ?? 0) & 0x3f) !== 0 || frame[21] !== 0);
}
