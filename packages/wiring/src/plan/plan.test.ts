import { describe, expect, it } from 'vitest';
import type { Step } from '../steps.js';
import { PlanDraft } from './plan.js';

const span = (from: number, to: number, state: 0 | 1 | 2 | 3): Step => ({
  ...{ kind: 'set-span', from, to: { index: to }, state, before: state === 0 ? 3 : 0 },
});

describe('a plan in which a source is revived', () => {
  it('leaves its mirror to what another sequence deletes to that one: the index may be another interface by then', () => {
    const draft = new PlanDraft();
    const deletion: Step[] = [span(7, 15, 0), { kind: 'delete-vlan', at: { index: 15 } }];
    draft.add('detach:s', [], deletion);
    const check: Step = { kind: 'check-port', port: 'p', index: 7 };
    draft.add('source:7', [], [check, span(7, 15, 0), span(7, 20, 0), span(7, 15, 3), span(7, 20, 3)]);
    draft.add('source:8', [], [{ ...check, index: 8 }, span(8, 15, 0), span(8, 15, 3)]);
    expect(draft.finish().sequences).toEqual([
      { key: 'detach:s', needs: [], steps: deletion },
      { key: 'source:7', needs: [], steps: [check, span(7, 20, 0), span(7, 20, 3)] },
    ]);
  });
});
