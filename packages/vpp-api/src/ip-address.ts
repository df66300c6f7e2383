import { isIP } from 'node:net';
import { VppCodecError } from './errors.js';

/** VPP's `vl_api_address_t`: the family (0 is IPv4, 1 is IPv6) and 16 bytes of which IPv4 uses the first four. */
export interface VppAddress {
  readonly af: number;
  readonly un: { readonly raw: Uint8Array };
}

const IP6_BYTES = 16;

/** Writes an IPv4 or IPv6 address as VPP takes it. Throws `VppCodecError` for anything else. */
export function toVppAddress(text: string): VppAddress {
  const raw = new Uint8Array(IP6_BYTES);
  const family = isIP(text);
  if (family === 4) raw.set(text.split('.').map(Number));
  else if (family === 6 && !text.includes('%')) raw.set(ip6Bytes(text));
  else throw new VppCodecError('address', `${JSON.stringify(text)} is not an IP address`);
  return { af: family === 4 ? 0 : 1, un: { raw } };
}

/** An address of VPP's as text: dotted IPv4, or IPv6 in its shortest form (RFC 5952). */
export function fromVppAddress(address: VppAddress): string {
  const { raw } = address.un;
  if (address.af === 0) return raw.subarray(0, 4).join('.');
  const groups: string[] = [];
  for (let i = 0; i < IP6_BYTES; i += 2) groups.push((((raw[i] ?? 0) << 8) | (raw[i + 1] ?? 0)).toString(16));
  const zeros = longestZeros(groups);
  if (zeros.length < 2) return groups.join(':');
  return `${groups.slice(0, zeros.start).join(':')}::${groups.slice(zeros.start + zeros.length).join(':')}`;
}

/** Writes `aa:bb:cc:dd:ee:ff` as six bytes. Throws `VppCodecError` for anything else. */
export function toVppMac(text: string): Uint8Array {
  if (!/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/i.test(text)) {
    throw new VppCodecError('mac_address', `${JSON.stringify(text)} is not a MAC address`);
  }
  return Uint8Array.from(text.split(':'), (byte) => Number.parseInt(byte, 16));
}

export function fromVppMac(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(':');
}

function ip6Bytes(text: string): number[] {
  const dotted = /(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(text);
  const plain = dotted === null ? text : text.slice(0, dotted.index) + hexPairs(dotted.slice(1).map(Number));
  const [head = '', tail] = plain.split('::');
  const front = head === '' ? [] : head.split(':');
  const back = tail === undefined || tail === '' ? [] : tail.split(':');
  const groups = [...front, ...new Array<string>(8 - front.length - back.length).fill('0'), ...back];
  return groups.flatMap((group) => {
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 0xff];
  });
}

function hexPairs([a = 0, b = 0, c = 0, d = 0]: readonly number[]): string {
  return `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
}

function longestZeros(groups: readonly string[]): { readonly start: number; readonly length: number } {
  let best = { start: 0, length: 0 };
  let start = 0;
  groups.forEach((group, i) => {
    if (group !== '0') start = i + 1;
    else if (i + 1 - start > best.length) best = { start, length: i + 1 - start };
  });
  return best;
}
