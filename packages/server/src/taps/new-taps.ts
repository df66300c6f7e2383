import type { ResourceKind } from '@taas/model';
import type { Clock } from '@taas/service';
import type { Access } from '../auth/access.js';
import type { Caller } from '../auth/authenticator.js';
import { words } from '../errors/neutron-error.js';
import { type JsonObject, resourcesToCreate } from '../http/request-body.js';
import type { Sliced, Slices } from '../slices/slices.js';
import type { LiveView } from '../view/live-view.js';
import type { TapRecord } from '../view/shelf.js';
import { checkCreate } from './attributes.js';
import { GivenIds } from './given-ids.js';
import { tapKinds } from './tap-kinds.js';
import { mayHaveReceipts, type ReceiptPlaces } from './tap-service/receipts-offer.js';
import { newConsent, newTerms, type TapTerms } from './terms/tap-terms.js';

export interface NewTapsDeps {
  readonly access: Access;
  readonly slices: Slices;
  readonly terms: TapTerms;
  readonly live: LiveView;
  /** How many tap services may have receipts; null: this server sends none. */
  readonly receiptPlaces: ReceiptPlaces | null;
  /** Throws when etcd has no room for more. */
  readonly checkRoom: () => void;
  readonly clock: Clock;
  readonly newId: () => string;
  /** Most resources that one request may create. */
  readonly bulkItems: number;
}

export interface NewTaps {
  /** Whether the request has a list. */
  readonly bulk: boolean;
  readonly records: readonly TapRecord[];
  /** The ids of those that the caller has named. */
  readonly given: ReadonlySet<string>;
}

/**
 * The records of the taps that a request asks to make: their attributes are good, the policy lets the caller make them, and
 * etcd has room. Whether they may be let in is for admission.
 * @throws NeutronError
 */
export async function newTaps(deps: NewTapsDeps, kind: ResourceKind, json: unknown, caller: Caller): Promise<NewTaps> {
  const { bulk, items } = resourcesToCreate(json, words[kind].resource, deps.bulkItems);
  const named = new GivenIds(kind, deps.access.givesIds(caller));
  const records = await deps.slices.run(caller.projectId, drafts(deps, kind, items, named, caller));
  for (const record of records) deps.access.mayCreate(kind, record, caller);
  if (kind === 'tap_services') mayHaveReceipts(deps.live.view, deps.receiptPlaces, records);
  deps.checkRoom();
  return { bulk, records, given: named.all };
}

function* drafts(
  { clock, newId, terms }: NewTapsDeps,
  kind: ResourceKind,
  items: readonly JsonObject[],
  ids: GivenIds,
  caller: Caller,
): Sliced<readonly TapRecord[]> {
  const now = clock.now();
  const { attributes } = tapKinds[kind];
  const all: TapRecord[] = [];
  for (const each of items) {
    const { id = newId(), item } = ids.take(each);
    // Those of one request keep their order in lists.
    const common = { v: 1, id, created_at: now + all.length } as const;
    const checked = checkCreate(attributes, item, caller);
    const consent = Object.hasOwn(attributes, 'consent') ? newConsent(terms, checked.project_id, caller) : {};
    // What the attributes of the kind let through is a record of the kind.
    all.push({ ...common, ...checked, ...newTerms(terms, item, checked, now), ...consent } as TapRecord);
    yield;
  }
  return all;
}
