import { isIP } from 'node:net';

/** Whether an address is in a prefix, which may be an address alone; null if the prefix cannot be read. */
export function isWithin(address: string, prefix: string): boolean | null {
  const [network = '', length] = prefix.split('/');
  const [version, own] = [isIP(network), isIP(address)];
  if (version === 0 || network.includes('%')) return null;
  const bits = version === 4 ? 32 : 128;
  const size = length === undefined ? bits : /^\d{1,3}$/.test(length) ? Number(length) : bits + 1;
  if (size > bits) return null;
  if (version !== own) return false;
  const rest = BigInt(bits - size);
  return numberOf(address) >> rest === numberOf(network) >> rest;
}

function numberOf(address: string): bigint {
  if (isIP(address) === 4) return address.split('.').reduce((sum, byte) => sum * 256n + BigInt(byte), 0n);
  // The last 32 bits may be spelled as IPv4.
  const plain = address.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, a, b, c, d) => `${pair(a, b)}:${pair(c, d)}`);
  const [head = '', tail] = plain.split('::');
  const [before, after] = [groups(head), groups(tail ?? '')];
  const zeros = tail === undefined ? [] : Array<string>(8 - before.length - after.length).fill('0');
  return [...before, ...zeros, ...after].reduce((sum, group) => sum * 65536n + BigInt(`0x${group}`), 0n);
}

const groups = (text: string) => (text === '' ? [] : text.split(':'));
const pair = (high: string, low: string) => (Number(high) * 256 + Number(low)).toString(16);
