import { systemClock } from '@taas/service';
import { describe, expect, it } from 'vitest';
import { fuzz } from './fuzz.js';
import type { FuzzTarget } from './fuzz-target.js';
import { allTargets } from './targets/all.js';

/** The machine of a test run is busy: here only what hangs for ever is a finding, and `npm run fuzz` looks at the second. */
const short = { seed: 20_261_129, clock: systemClock, milliseconds: 8_000, limitMs: 15_000 };

describe('fuzzing, the short form of npm run fuzz', () => {
  for (const target of allTargets)
    it(`finds nothing: ${target.name}`, async () => {
      const result = await fuzz(target, { ...short, inputs: 20_000 });
      expect(result.findings.map(({ why }) => why)).toEqual([]);
      expect(result.inputs).toBeGreaterThan(20);
      expect(result.ways.size).toBeGreaterThan(2);
    });
});

describe('the fuzzer', () => {
  const reader = (run: (text: string) => string): FuzzTarget => ({
    name: 'control',
    what: 'a reader with a fault',
    open: async () => ({
      corpus: [new TextEncoder().encode('a valid input')],
      dictionary: ['!'],
      run: (input) => run(new TextDecoder().decode(input)),
      memory: () => 0,
      close: async () => undefined,
    }),
  });

  it('finds an error that the reader does not promise, the same for the same seed', async () => {
    const broken = reader((text) => {
      if (text.includes('!')) throw new TypeError('not expected');
      return 'read';
    });
    const options = { ...short, inputs: 500 };
    const result = await fuzz(broken, options);
    expect(result.findings[0]?.why).toContain('not expected');
    const again = await fuzz(broken, options);
    expect(again.findings[0]?.input).toEqual(result.findings[0]?.input);
  });

  it('finds a sample that its reader refuses', async () => {
    const stale: FuzzTarget = {
      ...{ name: 'control', what: 'a reader whose samples are of yesterday' },
      open: async () => ({ ...(await reader(() => 'tap_flow refused').open()), valid: ' read' }),
    };
    const { findings } = await fuzz(stale, { ...short, inputs: 10 });
    expect(findings.map(({ why }) => why)).toEqual([expect.stringContaining('a sample is refused')]);
  });

  it('finds memory that grows', async () => {
    let held = 0;
    const leaking: FuzzTarget = {
      ...{ name: 'control', what: 'a reader that forgets nothing' },
      open: async () => ({
        ...(await reader(() => 'read').open()),
        memory: () => {
          held += 100 * 1024 * 1024;
          return held;
        },
      }),
    };
    const { findings } = await fuzz(leaking, { ...short, inputs: 100 });
    expect(findings.map(({ why }) => why).join()).toContain('memory grew');
  });
});
