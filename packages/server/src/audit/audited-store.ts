import { auditCodec, keys, parseKey } from '@taas/model';
import type { Clock } from '@taas/service';
import type { Store, Transaction } from '@taas/store';
import type { Behalves } from '../auth/actor.js';
import { unavailable } from '../errors/neutron-error.js';
import type { ClusterView } from '../view/cluster-view.js';
import { shelf } from '../view/shelf.js';
import { entriesOf } from './audit-entries.js';

export interface AuditedStoreDeps {
  readonly store: Store;
  readonly view: ClusterView;
  readonly behalves: Behalves;
  readonly clock: Clock;
  readonly newId: () => string;
  /** Why nothing may be made or changed now, for `audit.required`; null if it may. */
  readonly blocked: () => string | null;
}

/**
 * The same store, but each transaction that makes, changes or removes a tap, or changes a quota, writes the entries of the audit trail along:
 * both are there, or neither is, whoever is killed when.
 */
export function auditedStore(deps: AuditedStoreDeps): Store {
  const { store } = deps;
  return {
    get: (...args) => store.get(...args),
    list: (...args) => store.list(...args),
    transact: async (transaction, options) => store.transact(await audited(deps, transaction), options),
    follow: (...args) => store.follow(...args),
    lease: (...args) => store.lease(...args),
    close: () => store.close(),
  };
}

async function audited(deps: AuditedStoreDeps, transaction: Transaction): Promise<Transaction> {
  const { view, behalves, clock, newId } = deps;
  const touches = transaction.operations.some(({ kind, key }) => {
    const { is } = parseKey(key);
    return is === 'resource' || is === 'quota' || (is === 'node-resource' && kind === 'delete');
  });
  if (!touches) return transaction;
  const known = await unseen(deps, transaction);
  const now = clock.now();
  const entries = entriesOf(view, transaction, behalves.current, now, known);
  if (entries.length === 0) return transaction;
  // What ends may end whatever becomes of the trail's file: it is in etcd in any case.
  const adds = entries.some(({ event }) => event === 'created' || event === 'changed');
  if (adds && behalves.current.actor) checkOpen(deps);
  const key = keys.auditEntry(entryId(now, newId()));
  const value = auditCodec.format({ v: 1, entries });
  return { ...transaction, operations: [...transaction.operations, { kind: 'put', key, value }] };
}

/** @throws NeutronError 503 if nothing may be made or changed now */
export function checkOpen({ blocked }: Pick<AuditedStoreDeps, 'blocked'>): void {
  const problem = blocked();
  if (problem !== null) throw unavailable(`Nothing can be changed now: ${problem}`);
}

/** Records that go and that the view has not seen yet: another server made them a moment ago. */
async function unseen({ store, view }: AuditedStoreDeps, { operations }: Transaction): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const { kind, key } of operations) {
    const parsed = parseKey(key);
    if (kind !== 'delete' || parsed.is !== 'resource' || shelf(view, parsed.kind).byId.has(parsed.id)) continue;
    const entry = await store.get(key);
    if (entry) found.set(key, entry.value);
  }
  return found;
}

/** Sorts by time for people who look into etcd. */
export const entryId = (now: number, id: string): string => `${String(now).padStart(14, '0')}-${id}`;
