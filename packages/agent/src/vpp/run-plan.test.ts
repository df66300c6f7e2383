import type { Plan, Sequence, Step } from '@taas/wiring';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VppDisconnectedError, VppRetvalError, VppTimeoutError } from 'vpp-api';
import { type MadeIndices, resolveRef } from './perform-step.js';
import { runPlan } from './run-plan.js';

const flow = (n: number, needs: string[] = []): Sequence => ({
  key: `flow:${n}`,
  needs,
  steps: [
    { kind: 'create-loopback', as: `flow:${n}`, mac: '02:74:61:00:00:01' },
    { kind: 'set-tag', at: { ref: `flow:${n}` }, tag: `taas.flow:${n}`, before: '' },
    { kind: 'join-bridge', at: { ref: `flow:${n}` }, id: 5, shg: 1 },
    { kind: 'set-admin', at: { ref: `flow:${n}` }, up: true, before: false },
    { kind: 'check-port', port: 'p', index: n },
    { kind: 'set-span', from: n, to: { ref: `flow:${n}` }, state: 3, before: 0 },
  ],
});
const planOf = (...sequences: Sequence[]): Plan => ({ sequences, outlooks: [], unplanned: [] });

/** Carries steps out late and one after the other, as VPP does; `fail` says which do not work, and how. */
function switchThat(fail: (step: Step, n: number) => Error | null) {
  const made: MadeIndices = new Map();
  const done: Step[] = [];
  let last: Promise<unknown> = Promise.resolve();
  let index = 100;
  const perform = (step: Step): Promise<void> => {
    for (const ref of ['at' in step ? step.at : null, step.kind === 'set-span' ? step.to : null])
      if (ref) resolveRef(made, ref);
    const turn = last.then(async () => {
      await new Promise((resolve) => setImmediate(resolve));
      const error = fail(step, done.length);
      if (error) throw error;
      if (step.kind === 'create-loopback') made.set(step.as, index++);
      done.push(step);
    });
    last = turn.catch(() => undefined);
    return turn;
  };
  return { made, perform, done, parallel: 4 };
}

const refusal = new VppRetvalError('sw_interface_set_l2_bridge', -1);

describe('carrying out a plan', () => {
  it('keeps the order within a sequence, and sends nothing that opens a mirror before all before it is answered', async () => {
    const vpp = switchThat(() => null);
    const result = await runPlan(planOf(flow(1), flow(2)), vpp);
    expect(result).toMatchObject({ doubt: false, steps: 12 });
    expect(result.failures.size).toBe(0);
    const first = vpp.done.filter(
      (step) => JSON.stringify(step).includes('flow:1') || JSON.stringify(step).includes('"index":1}'),
    );
    expect(first.map(({ kind }) => kind)).toEqual(flow(1).steps.map(({ kind }) => kind));
    expect([...(result.touched.get('interface') ?? [])]).toEqual([100, 101]);
    expect([...(result.touched.get('bridge-domain') ?? [])]).toEqual([5]);
  });

  it('whichever step is refused, nothing of its sequence is left, and no mirror was opened', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(5), async (at) => {
        const bad = flow(1).steps[at];
        const vpp = switchThat((step) =>
          step === bad || JSON.stringify(step) === JSON.stringify(bad) ? refusal : null,
        );
        const result = await runPlan(planOf(flow(1), flow(2)), vpp);
        expect([...result.failures.keys()]).toEqual(['flow:1']);
        expect(result.failures.get('flow:1')).toMatch(/^could not .*VNET_API_ERROR_UNSPECIFIED/);
        expect(result.doubt).toBe(false);
        const ofFirst = vpp.done.filter((step) => JSON.stringify(step).includes('flow:1'));
        expect(ofFirst.filter(({ kind }) => kind === 'create-loopback').length).toBe(
          ofFirst.filter(({ kind }) => kind === 'delete-loopback').length,
        );
        expect(vpp.done.filter((step) => step.kind === 'set-span' && step.from === 1)).toEqual([]);
      }),
    );
  });

  it('leaves out what needs a sequence that failed', async () => {
    const vpp = switchThat((step) => (step.kind === 'create-bridge-domain' ? refusal : null));
    const bridge: Sequence = { key: 'bridge:1', needs: [], steps: [{ kind: 'create-bridge-domain', id: 5, tag: 't' }] };
    const result = await runPlan(planOf(bridge, flow(1, ['bridge:1'])), vpp);
    expect([...result.failures.keys()]).toEqual(['bridge:1', 'flow:1']);
    expect(vpp.done).toEqual([]);
  });

  it('an answer that does not come in time leaves a doubt', async () => {
    const vpp = switchThat((step) => (step.kind === 'join-bridge' ? new VppTimeoutError('x', 10) : null));
    const result = await runPlan(planOf(flow(1)), vpp);
    expect(result.doubt).toBe(true);
    expect(result.failures.get('flow:1')).toContain('no reply from VPP within 10 ms');
  });

  it('ends with the connection', async () => {
    const vpp = switchThat((_, n) => (n >= 3 ? new VppDisconnectedError('gone') : null));
    await expect(runPlan(planOf(flow(1), flow(2), flow(3)), vpp)).rejects.toThrow('gone');
  });
});
