import { execFile } from 'node:child_process';
import { isIPv6 } from 'node:net';
import { BpfError, type BpfProgram, parseBpf } from '@taas/packets';

/** An expression that is refused: why, for its author. */
export class ExpressionError extends Error {
  override readonly name = 'ExpressionError';
}

/** Makes a program of a filter expression. @throws ExpressionError */
export type CompileExpression = (expression: string) => Promise<BpfProgram>;

/** Longer ones are programs' work, and may take libpcap long. */
export const longestExpression = 1_000;
const compileMs = 2_000;
const mostOutput = 256 * 1024;

/** Of pcap-filter(7), what needs nobody to look up a name. */
const words: ReadonlySet<string> = new Set([
  ...['and', 'or', 'not', 'src', 'dst', 'host', 'net', 'mask', 'port', 'portrange', 'proto', 'less', 'greater', 'len'],
  ...['broadcast', 'multicast', 'ether', 'ip', 'ip6', 'arp', 'rarp', 'tcp', 'udp', 'icmp', 'icmp6', 'igmp', 'sctp'],
  ...['ah', 'esp', 'pim', 'vrrp', 'carp', 'stp', 'vlan', 'mpls', 'pppoed', 'pppoes', 'geneve', 'vxlan'],
  ...['icmptype', 'icmpcode', 'icmp-echoreply', 'icmp-unreach', 'icmp-sourcequench', 'icmp-redirect', 'icmp-echo'],
  ...['icmp-timxceed', 'icmp-paramprob', 'icmp6type', 'icmp6code', 'icmp6-echo', 'icmp6-echoreply'],
  ...['tcpflags', 'tcp-fin', 'tcp-syn', 'tcp-rst', 'tcp-push', 'tcp-ack', 'tcp-urg', 'tcp-ece', 'tcp-cwr'],
]);

/**
 * What is wrong with an expression before libpcap is asked, or null. Names of machines, networks and services are refused: libpcap
 * would have the server's resolver look them up, for whoever asks.
 */
export function expressionProblem(expression: string): string | null {
  if (expression.length > longestExpression) return `it has more than ${longestExpression} characters`;
  if (!/^[\x20-\x7e]*$/.test(expression)) return 'it has characters that no expression has';
  let before = '';
  for (const word of expression.split(/[\s()[\]!&|<>=+*/%^,\\]+/)) {
    const isRange = before === 'portrange' && /^\d{1,5}-\d{1,5}$/.test(word);
    before = word;
    if (word === '' || word === '-' || words.has(word) || isRange || isNumberOrAddress(word)) continue;
    return `"${word.slice(0, 40)}" is no word of filters, number or address; names are not looked up`;
  }
  return null;
}

/** What libpcap reads as a name it looks up: `1-2` where no range is, and `cafe.de:`. */
function isNumberOrAddress(word: string): boolean {
  if (/^(\d{1,10}|0x[0-9a-fA-F]{1,8}|\d{1,3}(\.\d{1,3}){1,3})$/.test(word)) return true;
  // As in ether[0:2], and of hardware.
  if (/^(\d{1,10}:\d{1,10}|[0-9a-fA-F]{1,2}(:[0-9a-fA-F]{1,2}){5})$/.test(word)) return true;
  return isIPv6(word);
}

/** libpcap's own compiler, by the program tcpdump. @param command its path, or its name on the PATH */
export const tcpdumpCompiler =
  (command: string): CompileExpression =>
  async (expression) => {
    const problem = expressionProblem(expression);
    if (problem !== null) throw new ExpressionError(problem);
    const output = await run(command, ['-ddd', '-y', 'EN10MB', '--', expression]);
    try {
      return parseBpf(output);
    } catch (error) {
      if (!(error instanceof BpfError)) throw error;
      throw new ExpressionError('libpcap makes a program of it that is not run here', { cause: error });
    }
  };

function run(command: string, words: readonly string[]): Promise<string> {
  const options = { timeout: compileMs, killSignal: 'SIGKILL', maxBuffer: mostOutput, encoding: 'utf8' } as const;
  return new Promise((resolve, reject) => {
    execFile(command, [...words], options, (cause, output, said) => {
      if (!cause) return resolve(output);
      const { code } = cause;
      const isAbsent = code === 'ENOENT' || code === 'EACCES';
      const problem = isAbsent
        ? 'this server has no tcpdump, whose compiler reads expressions'
        : cause.killed
          ? 'libpcap takes too long for it'
          : firstLine(said);
      reject(new ExpressionError(problem, { cause }));
    });
  });
}

/** What libpcap says, without the name of the program. */
function firstLine(text: string): string {
  const line = text.split('\n').find((each) => each.startsWith('tcpdump: ')) ?? '';
  return line.slice('tcpdump: '.length, 300).replace(/[^\x20-\x7e]/g, ' ') || 'libpcap does not take it';
}
