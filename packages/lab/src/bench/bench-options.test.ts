import { expect, it } from 'vitest';
import { benchOptions } from './bench-options.js';

it('runs everything that needs neither OpenStack nor DPDK three times, unless asked otherwise', () => {
  const only = ['vpp-api', 'agent', 'create', 'compiler', 'forwarding', 'recovery', 'statistics', 'watching'];
  expect(benchOptions({})).toEqual({ only, vpp: 'auto', runs: 3, out: 'bench-out/results.json', before: null });
  expect(benchOptions({ only: 'agent,create', vpp: 'sim', runs: '1', out: 'x.json', before: '/there' })).toEqual({
    ...{ only: ['agent', 'create'], vpp: 'sim', runs: 1, out: 'x.json', before: '/there' },
  });
  expect(benchOptions({ only: 'openstack' }).only).toEqual(['openstack']);
});

it.each([
  [
    { only: 'agents' },
    /--only agents: it is one of vpp-api, agent, create, compiler, forwarding, recovery, etcd, collector, openstack, statistics, watching, captures/,
  ],
  [{ vpp: 'auto2' }, /--vpp auto2: it is one of real, sim/],
  [{ runs: '0' }, /--runs 0/],
  [{ runs: 'many' }, /--runs many/],
  [{ out: '' }, /--out/],
])('refuses %j', (flags, message) => {
  expect(() => benchOptions(flags)).toThrow(message);
});
