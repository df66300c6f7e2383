import { isIP } from 'node:net';
import { CliError } from '../exit-codes.js';

/** A packet by what a filter looks at; undefined is what the user has not said. */
export interface Packet {
  /** The outermost first. */
  readonly tags: readonly { readonly vlan: number; readonly tpid: number }[];
  readonly ethertype: number;
  readonly ip: Ip | null;
}

export interface Ip {
  readonly version: 4 | 6;
  readonly source: string;
  readonly destination: string;
  readonly protocol: number | undefined;
  readonly sourcePort: number | undefined;
  readonly destinationPort: number | undefined;
  /** A later fragment of a packet, which has no ports. */
  readonly isLaterFragment: boolean;
}

export const protocols: Readonly<Record<string, number>> = {
  ...{
    icmp: 1,
    tcp: 6,
    udp: 17,
    gre: 47,
    esp: 50,
    ah: 51,
    'ipv6-icmp': 58,
    icmpv6: 58,
    ospf: 89,
    vrrp: 112,
    sctp: 132,
  },
};

export const packetGrammar =
  '[vlan N]... ip ADDRESS > ADDRESS [PROTOCOL [SOURCE-PORT >] PORT] [fragment], or arp, or ether 0xNNNN';

/**
 * Reads `ip 10.0.0.1 > 10.0.0.2 tcp 443`. One port is the destination's. `vlan N` may stand before, once for each tag; `qinq N` is a
 * tag of 802.1ad.
 * @throws CliError usage
 */
export function readPacket(text: string): Packet {
  const words = text.trim().toLowerCase().split(/\s+/);
  const wrong = (what: string) => new CliError('usage', `--packet "${text}": ${what}; it is ${packetGrammar}`);
  const take = (what: string): string => {
    const word = words.shift();
    if (word === undefined || word === '') throw wrong(`${what} is missing`);
    return word;
  };
  const number = (word: string, most: number, what: string): number => {
    const value = /^(\d+|0x[0-9a-f]+)$/.test(word) ? Number(word) : Number.NaN;
    if (!(value <= most)) throw wrong(`"${word}" is no ${what}`);
    return value;
  };
  const tags: { vlan: number; tpid: number }[] = [];
  while (words[0] === 'vlan' || words[0] === 'qinq') {
    const tpid = words.shift() === 'vlan' ? 0x8100 : 0x88a8;
    tags.push({ vlan: number(take('the VLAN id'), 4095, 'VLAN id'), tpid });
  }
  const kind = take('what kind of packet it is');
  if (kind === 'arp') return ended({ tags, ethertype: 0x0806, ip: null });
  if (kind === 'ether') return ended({ tags, ethertype: number(take('the ethertype'), 0xffff, 'ethertype'), ip: null });
  if (kind !== 'ip' && kind !== 'ip6') throw wrong(`"${kind}" is none of ip, ip6, arp, ether`);
  const source = address(take('the source address'));
  if (take('ADDRESS > ADDRESS') !== '>') throw wrong('there is no > between the addresses');
  const destination = address(take('the destination address'));
  const version = isIP(source) as 4 | 6;
  if (isIP(destination) !== version) throw wrong('the addresses are of two IP versions');
  const isLaterFragment = words.at(-1) === 'fragment';
  if (isLaterFragment) words.pop();
  const named = words.shift();
  const protocol =
    named === undefined
      ? undefined
      : Object.hasOwn(protocols, named)
        ? protocols[named]
        : number(named, 255, 'protocol');
  const first = port();
  const second = behindArrow();
  const [sourcePort, destinationPort] = second === undefined ? [undefined, first] : [first, second];
  const ip = { version, source, destination, protocol, sourcePort, destinationPort, isLaterFragment };
  return ended({ tags, ethertype: version === 4 ? 0x0800 : 0x86dd, ip });

  function address(word: string): string {
    if (isIP(word) === 0 || word.includes('%')) throw wrong(`"${word}" is no IP address`);
    return word;
  }
  function port(): number | undefined {
    const word = words[0] === '>' ? undefined : words.shift();
    return word === undefined ? undefined : number(word, 65535, 'port');
  }
  function behindArrow(): number | undefined {
    if (words[0] !== '>') return undefined;
    words.shift();
    const found = port();
    if (found === undefined) throw wrong('the port behind > is missing');
    return found;
  }
  function ended(packet: Packet): Packet {
    if (words.length > 0) throw wrong(`"${words.join(' ')}" is too much`);
    return packet;
  }
}
