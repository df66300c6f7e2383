import {
  keys,
  RecordError,
  type ResourceKind,
  type TapFlowRecord,
  type TapMirrorRecord,
  type TapServiceRecord,
  tapFlowCodec,
  tapMirrorCodec,
  tapServiceCodec,
  tunnelIdCodec,
} from '@taas/model';
import { type Compare, maxTxnOperations, type Operation, type Store } from '@taas/store';
import { invalidInput } from '../api/attributes.js';
import {
  badRequest,
  collectorIsSource,
  portNotFound,
  portNotOwned,
  serviceBeingDeleted,
  serviceNotOwned,
  sourceIsCollector,
  sourceIsOwnPort,
  tapNotFound,
  tooContended,
  tunnelConflict,
  unavailable,
  unreadable,
  words,
} from '../api/neutron-error.js';
import { shelf } from '../api/tap-kind.js';
import type { Caller } from '../auth/authenticator.js';
import { planFirstBinding } from '../ports/port-binder.js';
import type { KnownPlace } from '../view/bound-ports.js';
import type { LiveView } from '../view/live-view.js';
import type { PortDirectory, PortKnowledge } from './port-directory.js';
import { claimRole, type Role, type SeenRole, seenInStore, seenInView } from './port-role.js';
import { claimQuota, limitsOf, type QuotaLimits } from './quotas.js';
import type { RemoteAddressPolicy } from './remote-address-policy.js';
import { Turns } from './turns.js';

export interface AdmissionDeps {
  readonly store: Store;
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
/** What of an ERSPAN type II header holds the session id: 10 bits. */
const maxErspanSession = 1023;
const maxGreKey = 0xffffffff;

/** A tap service as last seen, to be compared in the transaction. */
interface SeenService {
  readonly revision: number;
  readonly record: TapServiceRecord;
}

/**
 * Lets taps in, or says why not. All that it checks in etcd it also compares in the transaction that writes: a port is a
 * source or a collector and never both, whatever happens on other servers at the same time, and so no copy is ever copied
 * again, in a circle or in a chain.
 */
export class Admission {
  readonly #turns = new Turns();

  constructor(private readonly deps: AdmissionDeps) {}

  /**
   * Writes tap services, all or none.
   * @returns the revision of the transaction
   * @throws NeutronError; an error of the port directory
   */
  async services(records: readonly TapServiceRecord[], caller: Caller): Promise<number> {
    const ports = this.#portChecks(caller);
    for (const record of records) await ports(record.port_id, record.project_id);
    return this.#commit('tap_services', records, async (seen) => {
      const draft = new Draft();
      for (const record of records) {
        this.#claim(draft, seen, record.port_id, 'collector', caller, record);
        draft.put(keys.resource('tap_services', record.id), tapServiceCodec.format(record));
      }
      return draft;
    });
  }

  /** Writes tap flows, all or none. @returns and @throws as {@link services} */
  async flows(records: readonly TapFlowRecord[], caller: Caller): Promise<number> {
    const ports = this.#portChecks(caller);
    for (const record of records) {
      await this.#service(new Seen(), record, caller);
      await ports(record.source_port, record.project_id);
    }
    return this.#commit('tap_flows', records, async (seen) => {
      const draft = new Draft();
      for (const record of records) {
        const service = await this.#service(seen, record, caller);
        if (record.source_port === service.record.port_id) {
          throw sourceIsOwnPort(record.source_port, record.tap_service_id);
        }
        const key = keys.resource('tap_services', record.tap_service_id);
        draft.compare(key, { kind: 'mod-revision', key, revision: service.revision });
        this.#claim(draft, seen, record.source_port, 'source', caller, record);
        // Written anew, so that whoever deletes the tap service at once sees that it has a flow more.
        this.#claim(draft, seen, service.record.port_id, 'collector', caller);
        draft.put(keys.resource('tap_flows', record.id), tapFlowCodec.format(record));
      }
      return draft;
    });
  }

  /** Writes tap mirrors, all or none. @returns and @throws as {@link services} */
  async mirrors(records: readonly TapMirrorRecord[], caller: Caller): Promise<number> {
    for (const record of records) this.#checkTunnel(record);
    const ports = this.#portChecks(caller);
    for (const record of records) await ports(record.port_id, record.project_id);
    return this.#commit('tap_mirrors', records, async (seen) => {
      const draft = new Draft();
      for (const record of records) {
        for (const id of new Set(Object.values(record.directions))) {
          const key = keys.tunnelId(record.project_id, id);
          if (draft.writes(key) || seen.keys.get(key) || this.#tunnelTaken(id, caller)) throw tunnelConflict(id);
          draft.compare(key, { kind: 'absent', key });
          draft.put(key, tunnelIdCodec.format({ v: 1, tap_mirror_id: record.id }));
        }
        this.#claim(draft, seen, record.port_id, 'source', caller, record);
        draft.put(keys.resource('tap_mirrors', record.id), tapMirrorCodec.format(record));
      }
      return draft;
    });
  }

  /** Whether a mirror of another project that the caller sees has the tunnel id; each project has its own keys. */
  #tunnelTaken(id: number, caller: Caller): boolean {
    return caller.seesAllProjects && this.deps.live.view.mirrors.byTunnelId.count(id) > 0;
  }

  #checkTunnel({ mirror_type: type, directions, remote_ip: address }: TapMirrorRecord): void {
    const highest = type === 'gre' ? maxGreKey : maxErspanSession;
    for (const id of Object.values(directions)) {
      if (id >= 0 && id <= highest) continue;
      throw invalidInput('directions', `'${id}' is not a tunnel id of a ${type} mirror: those are 0 to ${highest}`);
    }
    const verdict = this.deps.remoteAddresses.judge(address, this.deps.live.view.underlay);
    if (verdict.is === 'refused') throw invalidInput('remote_ip', verdict.reason);
    if (verdict.is === 'unknown') throw unavailable(`Tap mirrors cannot be made: ${verdict.reason}.`);
  }

  /** Takes turns with whoever makes the same in the same project here; with those elsewhere, by comparing in etcd. */
  #commit(
    kind: ResourceKind,
    records: readonly { readonly project_id: string }[],
    build: (seen: Seen) => Promise<Draft>,
  ): Promise<number> {
    const counts = new Map<string, number>();
    for (const { project_id: project } of records) counts.set(project, (counts.get(project) ?? 0) + 1);
    const work = () => this.#attempt(kind, counts, build);
    const { live, quotas } = this.deps;
    return [...counts.keys()]
      .filter((project) => limitsOf(live.view, project, quotas)[words[kind].resource] >= 0)
      .sort()
      .reduceRight((inner, project) => () => this.#turns.run(`${kind}/${project}`, inner), work)();
  }

  async #attempt(
    kind: ResourceKind,
    counts: ReadonlyMap<string, number>,
    build: (seen: Seen) => Promise<Draft>,
  ): Promise<number> {
    const seen = new Seen();
    for (let attempt = 0; attempt < attempts; attempt++) {
      const draft = await build(seen);
      this.#claimQuotas(draft, seen, kind, counts);
      if (attempt === 0) this.#addBindings(draft);
      const { compare, operations } = draft.transaction();
      if (operations.length > maxTxnOperations || compare.length > maxTxnOperations) {
        throw badRequest(
          `The request takes ${operations.length} writes, and only ${maxTxnOperations} can be made all or none: ` +
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

  /** Takes along where the ports are bound, which the leader would write in a transaction more, as far as there is room. */
  #addBindings(draft: Draft): void {
    const { live, place } = this.deps;
    for (const port of draft.ports) {
      for (const { compare, operations } of planFirstBinding(live.view, port, place(port))) {
        if (draft.size + operations.length > maxTxnOperations) return;
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

  /** @param owner a tap of the port's own project, if that was checked for this transaction */
  #claim(draft: Draft, seen: Seen, port: string, role: Role, caller: Caller, owner?: { project_id: string }): void {
    const key = keys.portRole(port);
    const { view } = this.deps.live;
    // In development mode the check may have passed without an answer.
    const project = view.owners === 'always' ? owner?.project_id : undefined;
    const known: SeenRole | undefined = seen.keys.has(key)
      ? seenInStore(seen.keys.get(key))
      : seenInView(view.portRoles.get(port));
    const claim = claimRole(view, port, role, known, project);
    if ('conflict' in claim) {
      throw role === 'collector'
        ? collectorIsSource(port, this.#source(port, caller))
        : sourceIsCollector(port, this.#user('tap_services', view.servicesByPort.get(port), caller));
    }
    draft.ports.add(port);
    draft.compare(key, claim.compare);
    draft.put(key, claim.operation.kind === 'put' ? claim.operation.value : '');
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
  #portChecks(caller: Caller): (port: string, project: string) => Promise<void> {
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

  async #service(seen: Seen, flow: TapFlowRecord, caller: Caller): Promise<SeenService> {
    const id = flow.tap_service_id;
    const service = await this.#findService(seen, id, caller);
    if (!service || (!caller.seesAllProjects && service.record.project_id !== caller.projectId)) {
      throw tapNotFound('tap_services', id);
    }
    if (service.record.project_id !== flow.project_id) throw serviceNotOwned();
    if (service.record.deleting) throw serviceBeingDeleted(id);
    return service;
  }

  async #findService(seen: Seen, id: string, caller: Caller): Promise<SeenService | undefined> {
    const key = keys.resource('tap_services', id);
    const entry = this.deps.live.view.services.get(id);
    if (!seen.keys.has(key) && entry?.record) return { revision: entry.revision, record: entry.record };
    const current = seen.keys.has(key) ? seen.keys.get(key) : await this.deps.store.get(key);
    if (!current) return undefined;
    try {
      return { revision: current.modRevision, record: tapServiceCodec.parse(key, current.value) };
    } catch (error) {
      if (error instanceof RecordError) throw unreadable('tap_services', id, caller, error);
      throw error;
    }
  }
}

/** The first so many in order, without putting all in order. */
function first(ids: readonly string[], count: number): string[] {
  const found: string[] = [];
  for (const id of ids) {
    if (found.length === count && id > (found.at(-1) ?? '')) continue;
    found.push(id);
    found.sort().splice(count);
  }
  return found;
}

type StoredValue = Awaited<ReturnType<Store['get']>>;

/** What refused transactions have shown so far; newer than the view. */
class Seen {
  readonly keys = new Map<string, StoredValue>();
}

/** A transaction in the making: each key is compared once and written once. */
class Draft {
  /** Whether it takes a turn by a quota. */
  counted = false;
  /** Whose roles are taken. */
  readonly ports = new Set<string>();
  readonly #compare = new Map<string, Compare>();
  readonly #operations = new Map<string, Operation>();

  /** Operations or comparisons, whichever are more. */
  get size(): number {
    return Math.max(this.#compare.size, this.#operations.size);
  }

  writes(key: string): boolean {
    return this.#operations.has(key);
  }

  compare(key: string, compare: Compare): void {
    this.#compare.set(key, compare);
  }

  put(key: string, value: string): void {
    this.#operations.set(key, { kind: 'put', key, value });
  }

  transaction(): { readonly compare: readonly Compare[]; readonly operations: readonly Operation[] } {
    return { compare: [...this.#compare.values()], operations: [...this.#operations.values()] };
  }
}
