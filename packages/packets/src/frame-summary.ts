import { ipText, macText } from './address.js';
import { ETHERTYPE, IP_PROTOCOL } from './build.js';
import { dnsQuestion } from './dns-question.js';
import { type ParsedFrame, type ParsedIp, parseFrame } from './parse.js';
import { TCP_FLAG, tcpSegment } from './tcp-segment.js';

/** A frame in a line, for people. Whoever sent it chose what is in it: all is plain text of bounded length. */
export interface FrameSummary {
  readonly source: string;
  readonly destination: string;
  /** The innermost that is known. */
  readonly protocol: string;
  readonly info: string;
}

/** Bytes of a frame that say what its summary does; of a longer one no more need be kept. */
export const summaryBytes = 384;

const mostTags = 4;
const dnsPorts: ReadonlySet<number> = new Set([53, 5353]);
const udpNames: Readonly<Record<number, string>> = { 67: 'DHCP', 68: 'DHCP', 123: 'NTP', 443: 'QUIC?', 4789: 'VXLAN' };
const icmpNames: Readonly<Record<number, string>> = {
  ...{ 0: 'echo reply', 3: 'destination unreachable', 5: 'redirect', 8: 'echo request', 11: 'time exceeded' },
};
const icmp6Names: Readonly<Record<number, string>> = {
  1: 'destination unreachable',
  2: 'packet too big',
  3: 'time exceeded',
  128: 'echo request',
  129: 'echo reply',
  ...{ 133: 'router solicitation', 134: 'router advertisement', 135: 'neighbour solicitation' },
  ...{ 136: 'neighbour advertisement' },
};
const etherNames: Readonly<Record<number, string>> = { 34958: 'EAPOL', 35020: 'LLDP', 34887: 'MPLS', 34888: 'MPLS' };

/** @param frame of which the end may have been cut off @param length that it had */
export function frameSummary(frame: Uint8Array, length: number): FrameSummary {
  const head = frame.subarray(0, summaryBytes);
  const parsed = parseFrame(head);
  if (parsed === undefined) return { source: '', destination: '', protocol: 'too short', info: `${length} bytes` };
  const { tags } = parsed;
  const told = tags.slice(0, mostTags).map(({ vlan }) => `VLAN ${vlan}`);
  const { info, ...rest } = inner(head, parsed);
  const parts = [...told, tags.length > mostTags ? 'more tags' : '', info];
  return { ...rest, info: parts.filter((each) => each !== '').join(', ') };
}

function inner(frame: Uint8Array, parsed: ParsedFrame): FrameSummary {
  const { ip, ethertype } = parsed;
  if (ip !== undefined) return ipSummary(frame, parsed, ip);
  const macs = { source: macText(parsed.src), destination: macText(parsed.dst) };
  if (ethertype === ETHERTYPE.arp) return { ...macs, protocol: 'ARP', info: arpInfo(frame, parsed.payloadOffset) };
  const protocol =
    etherNames[ethertype] ?? (ethertype < 0x600 ? 'LLC' : `0x${ethertype.toString(16).padStart(4, '0')}`);
  return { ...macs, protocol, info: '' };
}

function arpInfo(frame: Uint8Array, at: number): string {
  if (frame.length < at + 28) return 'cut off';
  const [sender, wanted] = [ipText(frame.subarray(at + 14, at + 18)), ipText(frame.subarray(at + 24, at + 28))];
  const operation = ((frame[at + 6] ?? 0) << 8) | (frame[at + 7] ?? 0);
  if (operation === 1) return `who has ${wanted}? tell ${sender}`;
  return operation === 2 ? `${sender} is at ${macText(frame, at + 8)}` : `operation ${operation}`;
}

function ipSummary(frame: Uint8Array, parsed: ParsedFrame, ip: ParsedIp): FrameSummary {
  const ends = { source: addressText(ip.src), destination: addressText(ip.dst) };
  const told = (protocol: string, info: string): FrameSummary => ({ ...ends, protocol, info });
  const version = `IPv${ip.version}`;
  if (ip.fragment) return told(version, ip.transportOffset === 0 ? 'fragment' : 'first fragment');
  const { srcPort: from, dstPort: to, protocol } = ip;
  if (from === undefined || to === undefined) return told(version, `protocol ${protocol}`);
  if (protocol === IP_PROTOCOL.icmp) return told('ICMP', icmpNames[from] ?? `type ${from}, code ${to}`);
  if (protocol === IP_PROTOCOL.icmp6) return told('ICMPv6', icmp6Names[from] ?? `type ${from}, code ${to}`);
  const ports = `${from} → ${to}`;
  if (protocol === IP_PROTOCOL.tcp) return told('TCP', `${ports} ${tcpInfo(frame, parsed, ip)}`);
  if (dnsPorts.has(from) || dnsPorts.has(to)) {
    const question = dnsQuestion(frame.subarray(ip.transportOffset + 8));
    if (question !== null) return told('DNS', question);
  }
  return told(udpNames[to] ?? udpNames[from] ?? 'UDP', ports);
}

function tcpInfo(frame: Uint8Array, parsed: ParsedFrame, { tcpFlags = 0 }: ParsedIp): string {
  const names = Object.entries(TCP_FLAG).flatMap(([name, bit]) => (tcpFlags & bit ? [name.toUpperCase()] : []));
  const segment = tcpSegment(frame, parsed);
  const payload = segment === null ? '' : `, ${segment.payload} bytes`;
  return `[${names.join(' ')}]${payload}`;
}

/** As people write it: IPv6 with its longest run of zeros left out (RFC 5952). */
function addressText(bytes: Uint8Array): string {
  const text = ipText(bytes);
  if (bytes.length === 4) return text;
  const runs = [...text.matchAll(/(?:^|:)0(?::0)+(?::|$)/g)].map(([run]) => run);
  const longest = runs.reduce((best, run) => (run.split('0').length > best.split('0').length ? run : best), '');
  return longest === '' ? text : text.replace(longest, '::');
}
