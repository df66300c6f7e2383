import type { Gap, Stage, StageCount } from '@taas/model';
import { describe, expect, it } from 'vitest';
import { completeness, statisticsAnswer } from './statistics-answer.js';
import type { Heard } from './statistics-desk.js';

const id = '00000000-0000-4000-8000-000000000001';
const count = (stage: Stage, packets: number): StageCount => ({ stage, direction: 'BOTH', packets: `${packets}` });
const whole = [count('arrived', 10), count('offered', 10), count('ring_dropped', 0), count('delivered', 10)];

function heard(node: string, stages: readonly StageCount[], more: Partial<Heard> = {}): Heard {
  const record = { v: 1 as const, id, since: 1, at: 2, stages: [...stages], gaps: [], final: false };
  return { part: { node, kind: 'tap_services', id }, record, silence: null, current: true, ...more } as Heard;
}
const answer = (...nodes: readonly Heard[]) => statisticsAnswer('tap_services', id, nodes, null);
const source = heard('a', [count('seen', 10), count('sent', 10)]);

describe('the statistics of a tap', () => {
  it('are complete where every node has told all of it', () => {
    expect(answer(source, heard('b', whole))).toMatchObject({ unaccounted: 0n, completeness: 1, current: true });
  });

  it('do not say what a node that is silent would have to say, also if it has told something before', () => {
    const old = heard('b', [count('arrived', 4), count('offered', 4)], { silence: 'no_answer_yet', current: false });
    const told = answer(source, old);
    expect(told).toMatchObject({ unaccounted: null, completeness: null, current: false });
    // What has arrived since is no loss.
    expect(JSON.stringify(told, (_, each) => (typeof each === 'bigint' ? Number(each) : each))).toContain('"lost":[]');
  });

  it('have no figure for what is unaccounted where one of the nodes has none', () => {
    expect(answer(source, heard('b', [count('arrived', 10), ...whole]), heard('c', [count('seen', 3)]))).toMatchObject({
      unaccounted: null,
    });
  });

  it('do not make up for what one node has lost by what another counts too much', () => {
    const lost = heard('a', [count('seen', 10), count('sent', 7)]);
    const more = heard('b', [count('arrived', 7), count('offered', 10), count('ring_dropped', 0)]);
    expect(answer(lost, more)['lost']).toContainEqual({ cause: 'unaccounted', packets: 3n });
  });
});

describe('completeness', () => {
  const gap = (more: Partial<Gap>): Gap => ({ cause: 'vpp_restarted', milliseconds: 5, ...more });
  const node = (stages: readonly StageCount[], gaps: readonly Gap[] = []) => ({ stages, gaps });

  it('is not known where nobody has counted what was missed in a gap', () => {
    expect(completeness([node([count('seen', 10), count('sent', 10)], [gap({})])])).toBeNull();
    expect(completeness([node([count('seen', 10), count('sent', 10)], [gap({ milliseconds: 0 })])])).toBe(1);
    expect(completeness([node([count('seen', 10), count('sent', 10)], [gap({ packets: '10' })])])).toBe(0.5);
    // What did not arrive in the gap of a collector's node, other nodes have sent.
    const nodes = [node([count('seen', 10), count('sent', 10)]), node(whole, [gap({})])];
    expect(completeness(nodes)).toBe(1);
  });

  it("is not known where the drops of the collector's port cannot be told", () => {
    expect(completeness([node([count('seen', 10), count('offered', 10)])])).toBeNull();
    expect(completeness([node([count('seen', 10), count('offered', 10), count('ring_dropped', 1)])])).toBe(0.9);
  });
});
