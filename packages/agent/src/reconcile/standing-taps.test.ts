import type { NodeTapFlow } from '@taas/model';
import { type Verdict, Wanted } from '@taas/wiring';
import { describe, expect, it } from 'vitest';
import { noTaps } from '../wanted/tap-ids.js';
import { StandingTaps } from './standing-taps.js';

const id = (kind: string, n: number) => `${kind.repeat(8)}-0000-4000-8000-00000000000${n}`;
const service = id('5', 1);

function flow(n: number): NodeTapFlow {
  const ports = { tap_service_id: service, source_port: id('a', n) };
  const rest = { direction: 'BOTH', vlan_filter: null, filter: [], target: { type: 'local' } } as const;
  return { v: 1, id: id('f', n), project_id: 'p', ...ports, ...rest, filter: [] };
}

function verdict(n: number, status: Verdict['status'], revision = 1): Verdict {
  return { kind: 'tap_flows', id: id('f', n), revision, status, code: 'ok', reason: '' };
}

function standing(...verdicts: Verdict[]) {
  const wanted = new Wanted();
  for (const n of [1, 2]) wanted.setFlow({ record: flow(n), revision: 1 });
  const taps = new StandingTaps();
  for (const each of verdicts) taps.settle(each);
  return (now: Verdict, asked = noTaps()) => taps.undone([now], asked, wanted).length === 1;
}

describe('a tap that is not in place', () => {
  it('was undone if it stood, and was only to be done if it did not', () => {
    expect(standing(verdict(1, 'ACTIVE'))(verdict(1, 'ERROR'))).toBe(true);
    expect(standing(verdict(1, 'ACTIVE'))(verdict(1, 'ACTIVE'))).toBe(false);
    for (const before of ['PENDING', 'ERROR', 'REMOVED'] as const)
      expect(standing(verdict(1, 'ACTIVE'), verdict(1, before))(verdict(1, 'ERROR'))).toBe(false);
    expect(standing()(verdict(1, 'ERROR'))).toBe(false);
  });

  it('was not undone if another revision of it is wanted, or something else of its service', () => {
    const stood = standing(verdict(1, 'ACTIVE'));
    expect(stood(verdict(1, 'ERROR', 2))).toBe(false);
    expect(stood(verdict(1, 'ERROR'), { ...noTaps(), flows: new Set([id('f', 2)]) })).toBe(false);
    expect(stood(verdict(1, 'ERROR'), { ...noTaps(), services: new Set([service]) })).toBe(false);
    expect(stood(verdict(1, 'ERROR'), { ...noTaps(), services: new Set([id('5', 2)]) })).toBe(true);
    expect(stood(verdict(1, 'ERROR'), { ...noTaps(), flows: new Set([id('f', 9)]) })).toBe(false);
  });
});
