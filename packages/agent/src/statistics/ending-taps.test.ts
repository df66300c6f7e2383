import type { NodeTapFlow, NodeTapService } from '@taas/model';
import { Wanted } from '@taas/wiring';
import { beforeEach, expect, it } from 'vitest';
import { endingTaps, isEnding } from './ending-taps.js';

const service = { kind: 'tap_services', id: 's' } as const;
const flow = (id: string) => ({ kind: 'tap_flows', id }) as const;
let wanted: Wanted;
let standing: Set<string>;

function put(id: string, removed: boolean): void {
  // Safe: nothing else of it is looked at.
  const record = { id, tap_service_id: 's', source_port: id, removed } as NodeTapFlow;
  wanted.setFlow({ record, revision: 1 });
}
const putService = (removed: boolean) =>
  wanted.setService({ record: { id: 's', removed } as NodeTapService, revision: 1 });
const due = (...ids: string[]) => endingTaps(ids.map(flow), wanted, (each) => standing.has(each));

beforeEach(() => {
  [wanted, standing] = [new Wanted(), new Set()];
  put('a', true);
});

it('ends a service that only flows speak of with the last of them', () => {
  expect(due('a')).toEqual([flow('a'), service]);
  put('b', false);
  expect(due('a')).toEqual([flow('a')]);
  put('b', true);
  standing.add('b');
  expect(due('a')).toEqual([flow('a')]);
  standing.clear();
  expect(due('a', 'b')).toEqual([flow('a'), flow('b'), service]);
});

it('leaves a service that has a record to that record', () => {
  putService(false);
  expect([due('a'), isEnding(service, wanted)]).toEqual([[flow('a')], false]);
  putService(true);
  expect([due('a'), isEnding(service, wanted)]).toEqual([[flow('a')], true]);
  wanted.setUnreadableService('s');
  expect([due('a'), isEnding(service, wanted)]).toEqual([[flow('a')], true]);
});

it('does not end what is wanted anew, nor a service with a flow that cannot be read', () => {
  wanted.setUnreadableFlow('b');
  put('c', false);
  wanted.setUnreadableFlow('c');
  expect(due('a')).toEqual([flow('a')]);
  put('a', false);
  expect(due('a')).toEqual([]);
  wanted.deleteFlow('a');
  expect(isEnding(flow('a'), wanted)).toBe(false);
});
