import { prefixes, type ResourceKind, root } from '@taas/model';
import type { Clock } from '@taas/service';
import { maxTxnOperations, type Store } from '@taas/store';
import type { Caller } from '../auth/authenticator.js';
import { NeutronError, words } from '../errors/neutron-error.js';
import type { Admission } from '../taps/admission/admission.js';
import { checkCreate } from '../taps/attributes.js';
import { tapKinds } from '../taps/tap-kinds.js';
import type { LiveView } from '../view/live-view.js';
import { shelf, type TapRecord } from '../view/shelf.js';
import type { WantedTap } from './plan-migration.js';

/** What became of a tap that is wanted. */
export type Outcome =
  | { readonly is: 'made' }
  /** It was made before. */
  | { readonly is: 'there'; readonly record: TapRecord }
  | { readonly is: 'refused'; readonly reason: string };

export interface AdmitDeps {
  readonly live: LiveView;
  readonly admission: Admission;
  /** In whose name it is asked: somebody who may make taps for all projects. */
  readonly caller: Caller;
  readonly clock: Clock;
  /** How long the view may take to show what was written, in ms. */
  readonly catchUpMs: number;
}

/** Who moves taps: nobody's token, and the right to name each tap's own project. */
export const mover: Caller = {
  projectId: '',
  userId: '',
  token: null,
  credentials: {},
  ...{ isAdmin: true, seesAllProjects: true, mayNameProject: true },
};

/**
 * Makes a tap as a request to the API would, with the id that it had: attributes, port, roles, quota and tunnel ids are checked alike,
 * in one transaction of etcd.
 * @throws StoreError, UpstreamUnavailableError or ViewBehindError if it cannot be told: nothing is known to be made then
 */
export async function admitTap(deps: AdmitDeps, { kind, id, attributes }: WantedTap): Promise<Outcome> {
  const { live, admission, caller, clock, catchUpMs } = deps;
  const before = shelf(live.view, kind).byId.get(id);
  if (before) return judgeExisting(kind, before.record, attributes);
  try {
    // What the attributes of the kind let through is a record of the kind.
    const checked = checkCreate(tapKinds[kind].attributes, { ...attributes }, caller);
    const record = { v: 1, id, created_at: clock.now(), ...checked } as TapRecord;
    await live.reached(await tapKinds[kind].admit(admission, [record], caller, new Set([record.id])), catchUpMs);
    return { is: 'made' };
  } catch (error) {
    // 5xx: nobody could say.
    if (error instanceof NeutronError && error.status < 500) return { is: 'refused', reason: error.message };
    throw error;
  }
}

/** Texts may have been changed since, and nothing else can be. */
function judgeExisting(kind: ResourceKind, record: TapRecord | null, attributes: WantedTap['attributes']): Outcome {
  const { resource } = words[kind];
  const refused = (reason: string): Outcome => ({ is: 'refused', reason });
  if (record === null) return refused(`there is a ${resource} with this id, and its record is malformed`);
  if (record.deleting) return refused(`the ${resource} with this id is being deleted`);
  const { name: _name, description: _description, ...fixed } = attributes;
  const held: Readonly<Record<string, unknown>> = { ...record };
  const differing = Object.keys(fixed).filter((each) => JSON.stringify(held[each]) !== JSON.stringify(fixed[each]));
  if (differing.length === 0) return { is: 'there', record };
  return refused(`there is a ${resource} with this id, and another ${differing.join(', ')}`);
}

/** Copies all that admission looks at, so that what would be let in can be tried without changing anything. */
export async function copyForTrial(from: Store, to: Store, signal: AbortSignal): Promise<void> {
  for (const prefix of [prefixes.api, `${root}/nodes/`, `${root}/state/`]) {
    const { entries } = await from.list(prefix, { signal });
    const good = entries.filter(({ refused }) => refused === undefined);
    for (let n = 0; n < good.length; n += maxTxnOperations) {
      const operations = good
        .slice(n, n + maxTxnOperations)
        .map(({ key, value }) => ({ kind: 'put', key, value }) as const);
      await to.transact({ compare: [], operations }, { signal });
    }
  }
}
