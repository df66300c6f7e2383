import type { Operation } from '@taas/store';
import { expect, it } from 'vitest';
import { auditPage } from '../audit/audit-query.js';
import { AuditTrail, type Logged } from '../audit/audit-trail.js';
import { compiling } from '../compiler/compile-service.js';
import type { ServiceSlice } from '../compiler/service-slice.js';
import { packedWrites, packSteps } from '../compiler/transactions.js';
import { listBody } from '../http/list-body.js';
import { Placements } from '../status/placements.js';
import type { ClusterView } from '../view/cluster-view.js';
import type { Sliced } from './slices.js';

// What cannot be cut keeps the event loop, however long it takes (decision 30): here is what was once not cut.

function pausesOf(work: Sliced<unknown>): number {
  let pauses = 0;
  while (!work.next().done) pauses += 1;
  return pauses;
}

const many = 10_000;

it('a page of the audit trail that nothing passes pauses on the way through it', () => {
  const all: Logged[] = Array.from({ length: many }, (_, n) => ({ key: `k${n}`, revision: n, entries: [] }));
  const query = { project: null, port: 'none', event: null, since: 0, limit: 100, marker: null };
  expect(pausesOf(auditPage({ all: () => all.values() }, query))).toBeGreaterThanOrEqual(Math.floor(many / 64));
});

it('the body of a list pauses at each item', () => {
  const page = Array.from({ length: many }, (_, n) => ({ n }));
  expect(
    pausesOf(
      listBody(
        'some',
        page,
        (item) => item,
        () => [],
      ),
    ),
  ).toBe(many);
});

it('the body of a list pauses at what is not in it, and is in pieces', () => {
  const page = Array.from({ length: many }, (_, n) => (n % 2 === 0 ? { n, text: 'x'.repeat(100) } : null));
  const body = listBody(
    'some',
    page,
    (item) => item,
    () => [],
  );
  let pauses = 0;
  let step = body.next();
  for (; !step.done; step = body.next()) pauses += 1;
  expect(pauses).toBe(many);
  expect(step.value.length).toBeGreaterThan(5);
  expect(Math.max(...step.value.map((piece) => piece.length))).toBeLessThan(100_000);
  const { some } = JSON.parse(Buffer.concat([...step.value]).toString()) as { readonly some: readonly unknown[] };
  expect(some).toHaveLength(many / 2);
});

it('that none of many flows can be told to a node is worked out with pauses', () => {
  const flows = Array.from({ length: many }, (_, n) => ({ record: { id: `f${n}` } }));
  const service = { record: { id: 's', port_id: 'p', project_id: 'x' } };
  for (const slice of [
    { id: 's', flows, service: undefined },
    { id: 's', flows, service: { record: null } },
    { id: 's', flows, service: { record: { ...service.record, deleting: true } } },
    { id: 's', flows, service, owner: () => 'foreign' },
  ])
    expect(pausesOf(compiling(slice as unknown as ServiceSlice))).toBe(many);
});

it('a service whose flows are gone from the API is not near while nodes have thousands of records of it', () => {
  const nearWith = (records: number) => {
    const view = { flowsByService: { count: () => 0 }, nodeRecords: { countOfService: () => records } };
    return new Placements(view as unknown as ClusterView, { options: [], projectShare: 1 }).isNear('s');
  };
  expect([nearWith(10), nearWith(5_000)]).toEqual([true, false]);
});

it('steps are asked for when the transaction before has been taken, and all of them are packed once', () => {
  let asked = 0;
  function* steps() {
    for (; asked < many; asked += 1) {
      const operation: Operation = { kind: 'delete', key: `k${asked}` };
      yield { compare: [], operations: [operation] };
    }
  }
  const packing = packSteps(steps(), []);
  const first = packing.next().value;
  expect(first?.operations.length).toBe(packedWrites);
  expect(asked).toBeLessThan(2 * packedWrites);
  const rest = [...packing].flatMap(({ operations }) => operations);
  expect([...(first?.operations ?? []), ...rest].map(({ key }) => key)).toEqual(
    Array.from({ length: many }, (_, n) => `k${n}`),
  );
});

it('what is in no file yet is known without going through the trail, also when etcd says less than before', () => {
  const trail = new AuditTrail();
  const put = (n: number) =>
    trail.put({
      ...{ key: `/networking-vpp/taas/audit/entries/${n}`, value: '{"v":1,"entries":[]}', modRevision: n },
      createRevision: n,
    });
  for (let n = 1; n <= 10; n += 1) put(n);
  trail.setExported(7);
  expect(trail.unexported).toBe(3);
  expect(trail.oldestUnexported(2).map(({ revision }) => revision)).toEqual([8, 9]);
  trail.setExported(5);
  expect(trail.oldestUnexported(9).map(({ revision }) => revision)).toEqual([6, 7, 8, 9, 10]);
});
