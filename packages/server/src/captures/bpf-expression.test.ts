import { spawnSync } from 'node:child_process';
import { bpfTakes, ETHERTYPE, ethernet } from '@taas/packets';
import { describe, expect, it } from 'vitest';
import { ExpressionError, expressionProblem, tcpdumpCompiler } from './bpf-expression.js';

describe('an expression', () => {
  it.each([
    'tcp port 443 and not host 192.0.2.1',
    'ether src 02:fe:00:00:00:01 or ip6 net 2001:db8::/32',
    'tcp[tcpflags] & (tcp-syn|tcp-fin) != 0 && len > 100',
    'ip[2:2] - 20 > 0x40 and portrange 80-90',
    'ip proto \\tcp',
    'vlan 100 and net 10.0.0.0/8',
    'ether[0:2] == 1 and host 2001:db8::1',
  ])('"%s" is let through', (expression) => expect(expressionProblem(expression)).toBeNull());

  it.each([
    'host www.example.com',
    'host cafe.be',
    'host cafe.de:',
    'host 1-2',
    'host portrange and 1-2',
    'host 1cafe.de',
    'port https',
    'net internal',
    'gateway router',
    'tcp; reboot',
    'tcp\nudp',
    'host ünïcode',
    'tcp '.repeat(300),
  ])('"%s" is refused before anybody looks something up', (expression) =>
    expect(expressionProblem(expression)).not.toBeNull(),
  );
});

it('is refused without tcpdump', async () => {
  await expect(tcpdumpCompiler('/nowhere/tcpdump')('tcp')).rejects.toThrow('this server has no tcpdump');
});

// Reason to skip: no tcpdump on this machine (apt-get install tcpdump).
describe.skipIf(spawnSync('tcpdump', ['--version']).error !== undefined)('tcpdump', () => {
  const compile = tcpdumpCompiler('tcpdump');

  it('makes the program of it', async () => {
    const program = await compile('arp');
    const header = { dst: 'ff:ff:ff:ff:ff:ff', src: '02:00:00:00:00:01' };
    expect(bpfTakes(program, ethernet(header, ETHERTYPE.arp, new Uint8Array(46)))).toBe(true);
    expect(bpfTakes(program, ethernet(header, ETHERTYPE.ip4, new Uint8Array(46)))).toBe(false);
  });

  it.each(['tcp and', 'port 99999', 'net 10.0.0.1/8', '-w x', 'tcp port'])(
    'says why "%s" is none',
    async (expression) => {
      await expect(compile(expression)).rejects.toThrow(ExpressionError);
    },
  );
});
