import {
  keys,
  RecordError,
  type ResourceKind,
  type TapFlowRecord,
  type TapServiceRecord,
  tapFlowCodec,
  tapServiceCodec,
} from '@taas/model';
import { type Compare, maxTxnOperations, type Operation, type Store } from '@taas/store';
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
  unreadable,
} from '../api/neutron-error.js';
import type { Caller } from '../auth/authenticator.js';
import type { LiveView } from '../view/live-view.js';
import type { PortDirectory } from './port-directory.js';
import { claimRole, type Role, type SeenRole, seenInStore, seenInView } from './port-role.js';

export interface AdmissionDeps {
  readonly store: Store;
  readonly live: LiveView;
  readonly ports: PortDirectory;
  /** How long to wait for the view to catch up with what a transaction ran into, in ms. */
  readonly catchUpMs: number;
}

const attempts = 10;

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
  constructor(private readonly deps: AdmissionDeps) {}

  /**
   * Writes tap services, all or none.
   * @returns the revision of the transaction
   * @throws NeutronError
   */
  async services(records: readonly TapServiceRecord[], caller: Caller): Promise<number> {
    for (const record of records) await this.#checkPort(record.port_id, record.project_id, caller);
    return this.#commit(async (seen) => {
      const draft = new Draft();
      for (const record of records) {
        this.#claim(draft, seen, record.port_id, 'collector', caller);
        draft.put(keys.resource('tap_services', record.id), tapServiceCodec.format(record));
      }
      return draft;
    });
  }

  /** Writes tap flows, all or none. @returns as {@link services} @throws NeutronError */
  async flows(records: readonly TapFlowRecord[], caller: Caller): Promise<number> {
    return this.#commit(async (seen) => {
      const draft = new Draft();
      for (const record of records) {
        const service = await this.#service(seen, record, caller);
        await this.#checkPort(record.source_port, record.project_id, caller);
        if (record.source_port === service.record.port_id) {
          throw sourceIsOwnPort(record.source_port, record.tap_service_id);
        }
        const key = keys.resource('tap_services', record.tap_service_id);
        draft.compare(key, { kind: 'mod-revision', key, revision: service.revision });
        this.#claim(draft, seen, record.source_port, 'source', caller);
        draft.put(keys.resource('tap_flows', record.id), tapFlowCodec.format(record));
      }
      return draft;
    });
  }

  async #commit(build: (seen: Seen) => Promise<Draft>): Promise<number> {
    const seen = new Seen();
    for (let attempt = 0; attempt < attempts; attempt++) {
      const draft = await build(seen);
      const { compare, operations } = draft.transaction();
      if (operations.length > maxTxnOperations || compare.length > maxTxnOperations) {
        throw badRequest(
          `The request takes ${operations.length} writes, and only ${maxTxnOperations} can be made all or none: ` +
            'split it into smaller ones',
        );
      }
      const result = await this.deps.store.transact({ compare, operations });
      if (result.succeeded) return result.revision;
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

  #claim(draft: Draft, seen: Seen, port: string, role: Role, caller: Caller): void {
    const key = keys.portRole(port);
    const { view } = this.deps.live;
    const known: SeenRole | undefined = seen.keys.has(key)
      ? seenInStore(seen.keys.get(key))
      : seenInView(view.portRoles.get(port));
    const claim = claimRole(view, port, role, known);
    if ('conflict' in claim) {
      throw role === 'collector'
        ? collectorIsSource(port, this.#user('tap_flows', view.flowsByPort.get(port), caller))
        : sourceIsCollector(port, this.#user('tap_services', view.servicesByPort.get(port), caller));
    }
    draft.compare(key, claim.compare);
    draft.put(key, claim.operation.kind === 'put' ? claim.operation.value : '');
  }

  /** Names the taps that use a port, as far as the caller may know of them. */
  #user(kind: ResourceKind, ids: readonly string[], caller: Caller): string {
    const { view } = this.deps.live;
    const what = kind === 'tap_services' ? 'tap service' : 'tap flow';
    const records = kind === 'tap_services' ? view.services : view.flows;
    const own = ids.filter((id) => caller.isAdmin || records.get(id)?.record?.project_id === caller.projectId);
    if (own.length > 0) return `${what} ${own.sort().slice(0, 3).join(', ')}${own.length > 3 ? ' and others' : ''}`;
    return ids.length > 0 ? `a ${what} of another project` : `another ${what}`;
  }

  async #checkPort(port: string, project: string, caller: Caller): Promise<void> {
    // Ports' ids are written one way only; any other spelling names no port, and must not get a role of its own.
    if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(port)) throw portNotFound(port);
    const known = await this.deps.ports.lookup(port);
    if (!known.known || known.projectId === null || known.projectId === project) return;
    throw caller.isAdmin ? portNotOwned() : portNotFound(port);
  }

  async #service(seen: Seen, flow: TapFlowRecord, caller: Caller): Promise<SeenService> {
    const id = flow.tap_service_id;
    const service = await this.#findService(seen, id, caller);
    if (!service || (!caller.isAdmin && service.record.project_id !== caller.projectId)) {
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

type StoredValue = Awaited<ReturnType<Store['get']>>;

/** What refused transactions have shown so far; newer than the view. */
class Seen {
  readonly keys = new Map<string, StoredValue>();
}

/** A transaction in the making: each key is compared once and written once. */
class Draft {
  readonly #compare = new Map<string, Compare>();
  readonly #operations = new Map<string, Operation>();

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
