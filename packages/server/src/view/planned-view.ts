import { parseKey, portBindingCodec, portRoleCodec, tapFlowCodec, tapMirrorCodec, tapServiceCodec } from '@taas/model';
import type { Operation } from '@taas/store';
import type { ClusterView, SeenMirrors } from './cluster-view.js';
import type { Entry, ValuedEntry } from './entry.js';

/**
 * The view as it would be after some writes of the API: taps, roles of ports and where these are bound. For who compiles taps that are
 * not there; what is only for admission and lists (ports' and projects' indices, quotas) is as it was. Costs what is written.
 * @throws RecordError for a value that is no record
 */
export function plannedView(view: ClusterView, operations: readonly Operation[]): ClusterView {
  const services = new Overlay(view.services);
  const flows = new Overlay(view.flows);
  const mirrors = new Overlay(view.mirrors.byId);
  const roles = new Overlay(view.portRoles);
  const bindings = new Map<string, ReturnType<typeof portBindingCodec.parse> | null>();
  const revision = view.revision + 1;
  for (const operation of operations) {
    const { key } = operation;
    const value = operation.kind === 'put' ? operation.value : null;
    const entry = <T>(parse: (key: string, value: string) => T): ValuedEntry<T> | undefined =>
      value === null ? undefined : { key, value, revision, createRevision: revision, record: parse(key, value) };
    const parsed = parseKey(key);
    if (parsed.is === 'port-role') roles.set(parsed.port, entry(portRoleCodec.parse));
    else if (parsed.is === 'port-binding')
      bindings.set(parsed.port, value === null ? null : portBindingCodec.parse(key, value));
    else if (parsed.is !== 'resource') continue;
    else if (parsed.kind === 'tap_services') services.set(parsed.id, entry(tapServiceCodec.parse));
    else if (parsed.kind === 'tap_flows') flows.set(parsed.id, entry(tapFlowCodec.parse));
    else mirrors.set(parsed.id, entry(tapMirrorCodec.parse));
  }
  return {
    ...view,
    revision,
    ...{ services, flows, portRoles: roles },
    flowsByService: flowsByService(view, flows),
    places: placesWith(view.places, bindings),
    mirrors: mirrorsWith(view.mirrors, mirrors),
  };
}

/** A map with some entries otherwise. */
class Overlay<T> implements ReadonlyMap<string, T> {
  readonly #own = new Map<string, T | undefined>();

  constructor(private readonly under: ReadonlyMap<string, T>) {}

  set(key: string, value: T | undefined): void {
    this.#own.set(key, value);
  }

  /** Those that are there otherwise than below; undefined: not there. */
  changed(): Iterable<readonly [string, T | undefined]> {
    return this.#own;
  }

  get(key: string): T | undefined {
    return this.#own.has(key) ? this.#own.get(key) : this.under.get(key);
  }

  has(key: string): boolean {
    return this.get(key) !== undefined;
  }

  get size(): number {
    return [...this.keys()].length;
  }

  *entries(): MapIterator<[string, T]> {
    for (const [key, value] of this.under) if (!this.#own.has(key)) yield [key, value];
    for (const [key, value] of this.#own) if (value !== undefined) yield [key, value];
  }

  *keys(): MapIterator<string> {
    for (const [key] of this.entries()) yield key;
  }

  *values(): MapIterator<T> {
    for (const [, value] of this.entries()) yield value;
  }

  [Symbol.iterator](): MapIterator<[string, T]> {
    return this.entries();
  }

  forEach(each: (value: T, key: string, map: ReadonlyMap<string, T>) => void): void {
    for (const [key, value] of this.entries()) each(value, key, this);
  }
}

/** The flows of services, with those that are otherwise. */
function flowsByService(view: ClusterView, flows: Overlay<Entry<{ tap_service_id: string }>>) {
  const changed = [...flows.changed()];
  const members = (service: string): string[] => {
    const gone = new Set(changed.map(([id]) => id));
    const come = changed.flatMap(([id, entry]) => (entry?.record?.tap_service_id === service ? [id] : []));
    return [...view.flowsByService.get(service).filter((id) => !gone.has(id)), ...come];
  };
  return {
    get: members,
    members,
    has: (service: string, id: string) => members(service).includes(id),
    count: (service: string) => members(service).length,
    keys: () => view.flowsByService.keys(),
  };
}

/** Records count only where they are those that say where ports are bound. */
function placesWith(
  places: ClusterView['places'],
  bindings: ReadonlyMap<string, ReturnType<typeof portBindingCodec.parse> | null>,
): ClusterView['places'] {
  return {
    from: places.from,
    of: (port) => {
      const record = bindings.get(port);
      if (places.from === 'bound-ports' || record === undefined) return places.of(port);
      if (record === null) return { is: 'unknown' };
      if (record.node === null) return { is: 'unbound', reason: record.reason };
      return { is: 'bound', node: record.node, projectId: record.project_id, mtu: record.mtu ?? null };
    },
    onNode: (node) => places.onNode(node),
    record: (port) => places.record(port),
    recorded: () => places.recorded(),
  };
}

function mirrorsWith(mirrors: SeenMirrors, byId: SeenMirrors['byId']): SeenMirrors {
  const { byPort, byProject, byTunnelId, sessions } = mirrors;
  return {
    byId,
    byPort,
    byProject,
    byTunnelId,
    sessions,
    published: (at) => mirrors.published(at),
    publishedOf: (mirror) => mirrors.publishedOf(mirror),
    onNode: (node) => mirrors.onNode(node),
    holderOf: (key) => mirrors.holderOf(key),
    tunnelIdsOf: (mirror) => mirrors.tunnelIdsOf(mirror),
    everything: () => mirrors.everything(),
  };
}
