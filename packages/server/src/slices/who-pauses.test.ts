import type { Operation } from '@taas/store';
import { expect, it } from 'vitest';
import { auditPage } from '../audit/audit-query.js';
import { AuditTrail, type Logged } from '../audit/audit-trail.js';
import { packSteps } from '../compiler/transactions.js';
import { listBody } from '../http/list-body.js';
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
  expect(pausesOf(listBody('some', page, (item) => item, []))).toBe(many);
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
  expect(first?.operations.length).toBeGreaterThan(100);
  expect(asked).toBeLessThan(200);
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
