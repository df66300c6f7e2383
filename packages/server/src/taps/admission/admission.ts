import { keys, RecordError, type ResourceKind } from '@taas/model';
import type { Store } from '@taas/store';
import type { RemoteAddressPolicy } from '../../addresses/remote-address-policy.js';
import type { Caller } from '../../auth/authenticator.js';
import { mostWrites } from '../../compiler/most-writes.js';
import { planFirstBinding } from '../../compiler/plan-binding.js';
import {
  badRequest,
  collectorIsSource,
  portNotFound,
  portNotOwned,
  sourceIsCollector,
  tapExists,
  tooContended,
  words,
} from '../../errors/neutron-error.js';
import type { KnownPlace } from '../../view/bound-ports.js';
import type { LiveView } from '../../view/live-view.js';
import { shelf, tapCodecs } from '../../view/shelf.js';
import { type Draft, Seen } from './draft.js';
import { collectorLingers, isLeaving, sourceLingers } from './lingering.js';
import type { PortDirectory, PortKnowledge } from './port-directory.js';
import { claimRole, type Role, type SeenRole, seenInStore, seenInView } from './port-role.js';
import { first, usedOtherwise, usersInOtherRole } from './port-users.js';
import { claimQuota, limitsOf, type QuotaLimits } from './quotas.js';
import { Turns } from './turns.js';

export interface AdmissionDeps {
  readonly store: Pick<Store, 'get' | 'transact'>;
  readonly live: LiveView;
  readonly ports: PortDirectory;
  /** Where a port is bound, if that is known here. */
  readonly place: (port: string) => KnownPlace | undefined;
  /** How long to wait for the view to catch up with what a transaction ran into, in ms. */
  readonly catchUpMs: number;
  /** How long looking up a port may take, in ms. */
  readonly lookUpMs: number;
  readonly quotas: QuotaLimits;
  readonly remoteAddresses: RemoteAddressPolicy;
}

const attempts = 20;
/** Taps that etcd is asked for before a port is refused a role. */
const mostAskedFor = 8;

/**
 * Lets taps in, or says why not. All that it checks in etcd it also compares in the transaction that writes: a port is a
 * source or a collector and never both, whatever happens on other servers at the same time, and so no copy is ever copied
 * again, in a circle or in a chain. What each kind of tap asks for stands with the kind.
 */
export class Admission {
  readonly #turns = new Turns();

  constructor(readonly deps: AdmissionDeps) {}

  /** Whether a tap is gone or on its way out; etcd itself is asked where the view does not know that. */
  async leaves(kind: ResourceKind, id: string): Promise<boolean> {
    const { view } = this.deps.live;
    const known = shelf(view, kind).byId.get(id)?.record;
    if (known && isLeaving(view, known)) return true;
    const key = keys.resource(kind, id);
    const entry = await this.deps.store.get(key);
    if (!entry) return true;
    try {
      return tapCodecs[kind].parse(key, entry.value).deleting === true;
    } catch (error) {
      if (error instanceof RecordError) return false;
      throw error;
    }
  }

  /**
   * Writes what `build` drafts from what is seen, again if somebody was faster. Takes turns with whoever makes the same in the same
   * project here; with those elsewhere, by comparing in etcd.
   * @param given ids that are not known to be new, since the caller has named them
   * @returns the revision of the transaction
   * @throws NeutronError; what `build` throws
   */
  commit(
    kind: ResourceKind,
    records: readonly { readonly project_id: string }[],
    given: ReadonlySet<string>,
    build: (seen: Seen) => Promise<Draft>,
  ): Promise<number> {
    const counts = new Map<string, number>();
    for (const { project_id: project } of records) counts.set(project, (counts.get(project) ?? 0) + 1);
    const work = () => this.#attempt(kind, given, counts, build);
    const { live, quotas } = this.deps;
    return [...counts.keys()]
      .filter((project) => limitsOf(live.view, project, quotas)[words[kind].resource] >= 0)
      .sort()
      .reduceRight((inner, project) => () => this.#turns.run(`${kind}/${project}`, inner), work)();
  }

  async #attempt(
    kind: ResourceKind,
    given: ReadonlySet<string>,
    counts: ReadonlyMap<string, number>,
    build: (seen: Seen) => Promise<Draft>,
  ): Promise<number> {
    const seen = new Seen();
    for (let attempt = 0; attempt < attempts; attempt++) {
      this.#refuseExisting(kind, given, seen);
      const draft = await build(seen);
      for (const id of given) {
        const key = keys.resource(kind, id);
        draft.compare(key, { kind: 'absent', key });
      }
      this.#claimQuotas(draft, seen, kind, counts);
      if (attempt === 0) this.#addBindings(draft);
      const { compare, operations } = draft.transaction();
      if (operations.length > mostWrites || compare.length > mostWrites) {
        throw badRequest(
          `The request takes ${operations.length} writes, and only ${mostWrites} can be made all or none: ` +
            'split it into smaller ones',
        );
      }
      const result = await this.deps.store.transact({ compare, operations });
      if (result.succeeded) {
        // The next in turn must see what it is counted with.
        if (draft.counted) await this.deps.live.reached(result.revision, this.deps.catchUpMs);
        return result.revision;
      }
      let latest = 0;
      compare.forEach(({ key }, index) => {
        const current = result.current[index];
        seen.keys.set(key, current);
        latest = Math.max(latest, current?.modRevision ?? 0);
      });
      await this.deps.live.reached(latest, this.deps.catchUpMs);
    }
    throw tooContended();
  }

  /** Whoever has given an id may have been here before. @throws NeutronError 409 */
  #refuseExisting(kind: ResourceKind, given: ReadonlySet<string>, seen: Seen): void {
    const { byId } = shelf(this.deps.live.view, kind);
    for (const id of given) {
      const key = keys.resource(kind, id);
      const exists = seen.keys.has(key) ? seen.keys.get(key) !== undefined : byId.has(id);
      if (exists) throw tapExists(kind, id);
    }
  }

  /** Takes along where the ports are bound, which the leader would write in a transaction more, as far as there is room. */
  #addBindings(draft: Draft): void {
    const { live, place } = this.deps;
    for (const port of draft.ports) {
      for (const { compare, operations } of planFirstBinding(live.view, port, place(port))) {
        if (draft.size + operations.length > mostWrites) return;
        for (const each of compare) draft.compare(each.key, each);
        for (const each of operations) if (each.kind === 'put') draft.put(each.key, each.value);
      }
    }
  }

  #claimQuotas(draft: Draft, seen: Seen, kind: ResourceKind, counts: ReadonlyMap<string, number>): void {
    const { live, quotas: defaults } = this.deps;
    for (const [project, count] of counts) {
      const claim = claimQuota(live.view, { kind, project, count, defaults }, (key) =>
        seen.keys.has(key) ? { current: seen.keys.get(key) } : undefined,
      );
      for (const compare of claim.compare) draft.compare(compare.key, compare);
      for (const operation of claim.operations) {
        draft.counted = true;
        draft.put(operation.key, operation.kind === 'put' ? operation.value : '');
      }
    }
  }

  /** Takes a role for a port. @throws NeutronError 409 @param owner a tap of the port's own project, if that was checked for this transaction */
  async claim(
    draft: Draft,
    seen: Seen,
    port: string,
    role: Role,
    caller: Caller,
    owner?: { project_id: string },
  ): Promise<void> {
    const key = keys.portRole(port);
    const { view } = this.deps.live;
    // In development mode the check may have passed without an answer.
    const project = view.owners === 'always' ? owner?.project_id : undefined;
    const known: SeenRole | undefined = seen.keys.has(key)
      ? seenInStore(seen.keys.get(key))
      : seenInView(view.portRoles.get(port));
    const claim = claimRole(view, port, role, known, project);
    if ('conflict' in claim) {
      if (await this.#roleLeaves(port, role)) {
        const lingers = role === 'source' ? collectorLingers : sourceLingers;
        throw lingers(port, (now) => !usedOtherwise(now, port, role));
      }
      throw role === 'collector'
        ? collectorIsSource(port, this.#source(port, caller))
        : sourceIsCollector(port, this.#user('tap_services', view.servicesByPort.get(port), caller));
    }
    draft.ports.add(port);
    draft.compare(key, claim.compare);
    draft.put(key, claim.operation.kind === 'put' ? claim.operation.value : '');
  }

  /** Whether all that uses a port in the other role is on its way out. */
  async #roleLeaves(port: string, role: Role): Promise<boolean> {
    const { view } = this.deps.live;
    const users = usersInOtherRole(view, port, role);
    // One that stays decides; etcd is asked for few, since only what was deleted a moment ago is news.
    const unknown = users.filter(({ kind, id }) => {
      const record = shelf(view, kind).byId.get(id)?.record;
      return !record || !isLeaving(view, record);
    });
    if (users.length === 0 || unknown.length > mostAskedFor) return false;
    for (const { kind, id } of unknown) if (!(await this.leaves(kind, id))) return false;
    return true;
  }

  /** Names the flows, or else the mirrors, that copy a port's traffic. */
  #source(port: string, caller: Caller): string {
    const { flowsByPort, mirrors } = this.deps.live.view;
    const flows = flowsByPort.get(port);
    const copied = flows.length > 0 ? [] : mirrors.byPort.get(port);
    return copied.length > 0 ? this.#user('tap_mirrors', copied, caller) : this.#user('tap_flows', flows, caller);
  }

  /** Names the taps that use a port, as far as the caller may know of them. */
  #user(kind: ResourceKind, ids: readonly string[], caller: Caller): string {
    const what = words[kind].title.trim().toLowerCase();
    const { byId } = shelf(this.deps.live.view, kind);
    const own = ids.filter((id) => caller.seesAllProjects || byId.get(id)?.record?.project_id === caller.projectId);
    if (own.length > 0) return `${what} ${first(own, 3).join(', ')}${own.length > 3 ? ' and others' : ''}`;
    return ids.length > 0 ? `a ${what} of another project` : `another ${what}`;
  }

  /** Checks whose ports are, asking for each once. */
  portChecks(caller: Caller): (port: string, project: string) => Promise<void> {
    const asked = new Map<string, Promise<PortKnowledge>>();
    return async (port, project) => {
      // Ports' ids are written one way only; any other spelling names no port, and must not get a role of its own.
      if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(port)) throw portNotFound(port);
      const answer = asked.get(port) ?? this.deps.ports.lookup(port, caller, AbortSignal.timeout(this.deps.lookUpMs));
      asked.set(port, answer);
      const known = await answer;
      if (known.is === 'absent') throw portNotFound(port);
      const owner = known.is === 'known' ? known.projectId : null;
      // Only in development mode there is nobody who knows.
      if (owner === null ? this.deps.live.view.owners === 'perhaps' : owner === project) return;
      if (known.is === 'unknown') throw portNotFound(port);
      // Whether the port may be looked at says nothing about whether its traffic may: that is its own project's right.
      throw known.visible ? portNotOwned() : portNotFound(port);
    };
  }
}
