import { BlockList, isIP } from 'node:net';

/** Whether what is sent to a host stays on this machine. `localhost` counts: it is loopback on every system that can run VPP. */
export function isLoopback(host: string): boolean {
  if (host.toLowerCase() === 'localhost') return true;
  const address = host.replace(/^\[|\]$/g, '');
  const family = isIP(address);
  if (family === 0) return false;
  const loopback = new BlockList();
  loopback.addSubnet('127.0.0.0', 8, 'ipv4');
  loopback.addAddress('::1', 'ipv6');
  return loopback.check(address, family === 6 ? 'ipv6' : 'ipv4');
}

/** Whether others can read what is sent to a URL: neither TLS nor this machine. A text that is no URL counts as such. */
export function isInTheClear(url: string): boolean {
  if (!URL.canParse(url)) return true;
  const { protocol, hostname } = new URL(url);
  return protocol !== 'https:' && !isLoopback(hostname);
}
