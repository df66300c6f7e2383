import { ConfigError, checkConfig } from '@taas/service';
import { expect, it } from 'vitest';
import { agentConfigSchema, checkAgentConfig } from './config.js';

const check = (value: unknown) => checkAgentConfig(checkConfig(agentConfigSchema, value, 'test'), 'test');
const problems = (value: unknown): readonly string[] => {
  try {
    check(value);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
};

it('needs nothing but the name of the node', () => {
  expect(check({ node: 'n1' })).toMatchObject({
    etcd: { endpoints: ['http://127.0.0.1:2379'] },
    vpp: { api_socket: '/run/vpp/api.sock' },
    bridge_domains: { first: 0x800000, last: 0x8fffff },
    intervals: { verify_ms: 10_000, port_poll_ms: 500 },
    budget: { flow: {}, node: {}, suspend_ms: 30_000 },
  });
  expect(problems({ node: 'n', budget: { flow: { max_kbps: 99 }, node: { max_pps: 0 } } })).toHaveLength(2);
});

it('names each option that is wrong', () => {
  expect(problems({})).toContain('missing option "node"');
  expect(problems({ node: 'n', vpp: { socket: 'x' } })).toContain('unknown option "vpp.socket"');
  const wrong = {
    node: 'n',
    tunnel_address: 'ten',
    bridge_domains: { first: 9, last: 8 },
    physnets: [{ name: 'a' }, { name: 'a' }],
    etcd: { user: 'me', key_file: 'k', endpoints: ['http://10.0.0.1:2379'] },
  };
  expect(problems(wrong)).toEqual([
    'options "etcd.user" and "etcd.password_file" go together',
    'options "etcd.cert_file" and "etcd.key_file" go together',
    'option "etcd.password_file": the password would go to http://10.0.0.1:2379 in the clear; use https, or an etcd on a loopback address',
    'option "bridge_domains.first" (9) is above "bridge_domains.last" (8)',
    'option "tunnel_address" (ten) is not an IP address',
    'option "physnets" names a twice',
  ]);
});

it.each(['fe80::1%eth0', '224.0.0.1', '0.0.0.0', '127.0.0.1', '255.255.255.255', 'fe80::1', '::ffff:10.0.0.1'])(
  'refuses %s for the address of its tunnels, which other nodes would send to',
  (tunnel_address) => {
    expect(problems({ node: 'n', tunnel_address })).toEqual([
      expect.stringContaining(`option "tunnel_address" (${tunnel_address}) `),
    ]);
  },
);
