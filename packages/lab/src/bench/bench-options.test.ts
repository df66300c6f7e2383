import { expect, it } from 'vitest';
import { benchNames, benchOptions } from './bench-options.js';

it('runs everything three times, unless asked otherwise', () => {
  expect(benchOptions({})).toEqual({ only: benchNames, vpp: 'auto', runs: 3, out: 'bench-out/results.json' });
  expect(benchOptions({ only: 'agent,create', vpp: 'sim', runs: '1', out: 'x.json' })).toEqual({
    ...{ only: ['agent', 'create'], vpp: 'sim', runs: 1, out: 'x.json' },
  });
});

it.each([
  [{ only: 'agents' }, /--only agents: it is one of vpp-api, agent, create, compiler, forwarding/],
  [{ vpp: 'auto2' }, /--vpp auto2: it is one of real, sim/],
  [{ runs: '0' }, /--runs 0/],
  [{ runs: 'many' }, /--runs many/],
  [{ out: '' }, /--out/],
])('refuses %j', (flags, message) => {
  expect(() => benchOptions(flags)).toThrow(message);
});
