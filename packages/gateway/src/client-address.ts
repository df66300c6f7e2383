import type { IncomingMessage } from 'node:http';
import { BlockList, isIP } from 'node:net';

/** Raised for an entry of the list of trusted proxies that is no address and no subnet. */
export class ProxyError extends Error {
  override readonly name = 'ProxyError';
}

/** Proxies whose X-Forwarded-For is believed. Nobody else's is: it is the client's own word. */
export class TrustedProxies {
  readonly #list = new BlockList();

  /** @param entries addresses or subnets (CIDR) @throws ProxyError */
  constructor(entries: readonly string[]) {
    for (const entry of entries) {
      const [address = '', bits] = entry.split('/');
      const family = isIP(address);
      const most = family === 4 ? 32 : 128;
      const prefix = bits === undefined ? most : /^[0-9]{1,3}$/.test(bits) ? Number(bits) : Number.NaN;
      if (family === 0 || !(prefix <= most)) throw new ProxyError(`"${entry}" is no address and no subnet`);
      this.#list.addSubnet(address, prefix, family === 4 ? 'ipv4' : 'ipv6');
    }
  }

  has(address: string): boolean {
    const plain = unmapped(address);
    const family = isIP(plain);
    return family !== 0 && this.#list.check(plain, family === 4 ? 'ipv4' : 'ipv6');
  }

  /**
   * Who a request comes from: the peer, or behind trusted proxies the last address that none of them has. What a proxy says
   * that is no address is not known, and counts as the proxy's.
   */
  clientOf(
    request: Pick<IncomingMessage, 'headers'> & { readonly socket: { remoteAddress?: string | undefined } },
  ): string {
    let client = unmapped(request.socket.remoteAddress ?? '');
    const header = request.headers['x-forwarded-for'];
    const said = (Array.isArray(header) ? header.join(',') : (header ?? '')).split(',').map((each) => each.trim());
    while (this.has(client)) {
      const next = unmapped(said.pop() ?? '');
      if (isIP(next) === 0) return client;
      client = next;
    }
    return client;
  }
}

/** What counts as one client: an IPv4 address; of IPv6 the /64, since whoever has one of its addresses has them all. */
export function networkOf(address: string): string {
  const plain = unmapped(address);
  if (isIP(plain) !== 6) return plain;
  const [head = '', tail] = (plain.split('%')[0] ?? '').toLowerCase().split('::');
  const groups = (part: string) => (part === '' ? [] : part.split(':'));
  const [before, after] = [groups(head), groups(tail ?? '')];
  // An embedded IPv4 address stands for two groups.
  const length = before.length + after.length + (plain.includes('.') ? 1 : 0);
  const missing = tail === undefined ? 0 : Math.max(0, 8 - length);
  const all = [...before, ...Array.from({ length: missing }, () => '0'), ...after];
  const network = all.slice(0, 4).map((group) => group.replace(/^0+(?=.)/, ''));
  return `${network.join(':')}::/64`;
}

const unmapped = (address: string): string => address.replace(/^::ffff:(?=\d+\.)/i, '');
