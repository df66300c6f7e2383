import {
  type AgentRecord,
  agentCodec,
  asLine,
  heartbeatCapability,
  heartbeatCodec,
  isInPlace,
  type ParsedKey,
  type PortRoleRecord,
  parseKey,
  physnetCodec,
  portBindingCodec,
  portRoleCodec,
  prefixes,
  type QuotaRecord,
  quotaCodec,
  RecordError,
  segmentCodec,
  type TapFlowRecord,
  type TapServiceRecord,
  type TapState,
  tapFlowCodec,
  tapMirrorCodec,
  tapServiceCodec,
  tapStateCodec,
  underlayCodec,
} from '@taas/model';
import type { FollowEvent, KeyValue, Revision } from '@taas/store';
import type { Entry } from './entry.js';
import { Groups } from './groups.js';
import { MirrorIndex } from './mirror-index.js';
import { NodeRecordIndex } from './node-record-index.js';
import { PhysnetIndex } from './physnet-index.js';
import { type BindingKey, boundBy, parsePortsBound } from './port-binding.js';
import { type PlacesFrom, PortPlaces } from './port-places.js';
import { ProjectIndex } from './project-index.js';
import { believed, ownId } from './record-value.js';
import { heldSegment, SegmentLedger } from './segment-ledger.js';
import { everything, serviceOf, touchHolder, touchNode, touchPhysnets, touchPort, touchReport } from './touch.js';
import { Touched } from './touched.js';
import { Underlay } from './underlay.js';

/** A record that this replica cannot use. */
export interface Problem {
  readonly key: string;
  readonly problem: string;
}

/** The last that was heard of an agent. */
export interface Heartbeat {
  readonly revision: Revision;
  readonly periodMs: number;
}

/**
 * Whether it must be known whose port a tap is on before a node is told of it. `perhaps` is for development, where nobody can be
 * asked.
 */
export type OwnersKnown = 'always' | 'perhaps';

/** Records read before a snapshot's reader yields: a few milliseconds' worth. */
const batch = 2_000;

/**
 * All that the server knows of etcd, parsed and indexed so that one change costs what it concerns and not what there is.
 * It is the state at `revision`, whole: readers between two events see no half-applied transaction.
 */
export class ClusterView {
  revision: Revision = 0;
  services = new Map<string, Entry<TapServiceRecord>>();
  flows = new Map<string, Entry<TapFlowRecord>>();
  flowsByService = new Groups<string, string>();
  servicesByPort = new Groups<string, string>();
  flowsByPort = new Groups<string, string>();
  byProject = { tap_services: new ProjectIndex(), tap_flows: new ProjectIndex() };
  mirrors = new MirrorIndex();
  portRoles = new Map<string, Entry<PortRoleRecord>>();
  /** By project: what an administrator has set. */
  quotas = new Map<string, Entry<QuotaRecord>>();
  /** By key: the revision of the turn of whoever last made something in a project with a quota. */
  admissions = new Map<string, Revision>();
  segments = new SegmentLedger();
  physnets = new PhysnetIndex();
  places: PortPlaces;
  underlay = new Underlay();
  nodeRecords = new NodeRecordIndex();
  /** What nodes report, by etcd key. */
  states = new Map<string, Entry<TapState>>();
  /** Agents that count as there: those whose lease is held, but for the ones that were {@link silence}d. */
  agents = new Map<string, Entry<AgentRecord>>();
  /** By node: when an agent last showed that it lives, and how often it means to. */
  heartbeats = new Map<string, Heartbeat>();
  /** Agents whose records are there, and of which nothing was heard for too long. */
  silent = new Map<string, Entry<AgentRecord>>();
  /** Malformed records by key. */
  problems = new Map<string, string>();
  /** Malformed API records by key: who knows what they use, so nothing is given up on their account. */
  unreadable = new Set<string>();
  #touched = new Touched();

  /** True while a snapshot is read: then everything is touched anyway. */
  #whole = false;

  constructor(
    placesFrom: PlacesFrom = 'bound-ports',
    readonly owners: OwnersKnown = 'perhaps',
  ) {
    this.places = new PortPlaces(placesFrom);
  }

  /** Takes over an event of the store. @returns what it was about; after a snapshot, everything there is */
  apply(event: Exclude<FollowEvent, { kind: 'stale' }>): Touched {
    if (event.kind === 'snapshot') {
      const reading = this.read(event.entries);
      let step = reading.next();
      while (!step.done) step = reading.next();
      return this.adopt(step.value, event.revision);
    }
    this.#touched = new Touched();
    for (const change of event.changes) {
      if (change.kind === 'put') this.#put(change.entry);
      else this.#set(parseKey(change.key), change.key, undefined);
    }
    this.revision = event.revision;
    return this.#touched;
  }

  /** Reads a snapshot into a view of its own, and yields now and then, so that a large one need not stop the process. */
  *read(entries: readonly KeyValue[]): Generator<void, ClusterView, void> {
    const view = new ClusterView(this.places.from, this.owners);
    view.#whole = true;
    // API records first: they tell to which tap service the rest belongs.
    for (const first of [true, false]) {
      for (const [index, entry] of entries.entries()) {
        if (index % batch === batch - 1) yield;
        if (entry.key.startsWith(prefixes.api) === first) view.#put(entry);
      }
    }
    view.#whole = false;
    return view;
  }

  /** Becomes what another view is, at once. @returns everything there is */
  adopt(other: ClusterView, revision: Revision): Touched {
    Object.assign(this, other);
    this.revision = revision;
    return everything(this);
  }

  #put(entry: KeyValue): void {
    this.#set(parseKey(entry.key), entry.key, entry);
  }

  /** Takes a change in. Whatever goes wrong is that key's alone: the other keys of the event count. */
  #set(parsed: ParsedKey, key: string, kv: KeyValue | undefined): void {
    try {
      this.#take(parsed, key, kv);
    } catch (error) {
      this.problems.set(key, asLine(`cannot be taken in: ${String(error)}`));
    }
  }

  #take(parsed: ParsedKey, key: string, kv: KeyValue | undefined): void {
    if (kv === undefined) this.problems.delete(key);
    switch (parsed.is) {
      case 'resource': {
        const unreadable = this.unreadable.size;
        if (parsed.kind === 'tap_services') this.#setService(parsed.id, key, kv);
        else if (parsed.kind === 'tap_flows') this.#setFlow(parsed.id, key, kv);
        else this.#setMirror(parsed.id, key, kv);
        // What was kept of ports on the malformed record's account may be nobody's now.
        if (unreadable > 0 && this.unreadable.size === 0)
          for (const some of [this.portRoles.keys(), this.places.recorded()])
            for (const port of some) this.#touched.ports.add(port);
        return;
      }
      case 'quota':
        if (kv) this.quotas.set(parsed.project, this.#parse(kv, quotaCodec.parse));
        else this.quotas.delete(parsed.project);
        return;
      case 'admission':
        if (kv) this.admissions.set(key, kv.modRevision);
        else this.admissions.delete(key);
        return;
      case 'tunnel-id':
        this.#guarded(key, kv, () => this.mirrors.setTunnelId(key, kv));
        return;
      case 'port-role': {
        const entry = kv && this.#parse(kv, portRoleCodec.parse);
        const owner = this.portRoles.get(parsed.port)?.record?.project_id;
        if (entry?.record?.project_id !== owner && !this.#whole) touchPort(this.#touched, this, parsed.port);
        if (entry) this.portRoles.set(parsed.port, entry);
        else this.portRoles.delete(parsed.port);
        this.#touched.ports.add(parsed.port);
        return;
      }
      case 'segment': {
        const before = this.segments.remove(parsed.segment);
        if (before && !this.#whole) touchHolder(this.#touched, this, before);
        this.#touched.segmentsFreed ||= kv === undefined;
        if (!kv) {
          if (before && before.serviceId !== null) this.#forgetService(before.serviceId);
          return;
        }
        const holder = this.#parse(kv, segmentCodec.parse).record?.tap_service_id ?? null;
        const held = heldSegment(parsed.segment, kv.modRevision, holder);
        this.segments.set(held);
        if (!this.#whole) touchHolder(this.#touched, this, held);
        return;
      }
      case 'node-resource': {
        const { node, kind, id } = parsed;
        if (kind === 'tap_mirrors') {
          this.#touched.mirrors.add(id);
          this.#touched.sessionsFreed ||= kv === undefined;
          this.#guarded(key, kv, () => this.mirrors.setTold({ node, id }, key, kv));
          return;
        }
        const belongs = serviceOf(this, kind, id);
        const orphans = this.nodeRecords.orphans;
        const change = this.nodeRecords.set({ node, kind, id }, key, kv, belongs, (error) => this.#report(key, error));
        for (const service of change.services) this.#touched.services.add(service);
        if (belongs !== undefined) this.#touched.services.add(belongs);
        if (change.project) this.segments.setProject(change.project.service, change.project.id);
        if (change.readable) this.problems.delete(key);
        // Segments that were held back on the orphan's account may be free now.
        if (orphans > 0 && this.nodeRecords.orphans === 0) {
          for (const service of this.segments.services()) this.#touched.services.add(service);
        }
        return;
      }
      case 'physnet':
        touchPhysnets(
          this.#touched,
          this,
          this.physnets.setRecord(parsed.physnet, kv && this.#parse(kv, physnetCodec.parse)),
        );
        return;
      case 'state-resource': {
        const { kind, id, node } = parsed;
        const before = isInPlace(this.states.get(key)?.record?.status);
        if (kv)
          this.states.set(
            key,
            this.#parse(kv, (at, value) => knownState(id, kv, tapStateCodec.parse(at, value))),
          );
        else this.states.delete(key);
        const stands = isInPlace(this.states.get(key)?.record?.status);
        if (before !== stands && !this.#whole) this.#touched.turns.push({ kind, id, node, stands });
        if (!this.#whole) touchReport(this.#touched, this, kind, id, node);
        return;
      }
      case 'agent':
        // Whoever writes the record, lives.
        this.silent.delete(parsed.node);
        if (kv)
          this.agents.set(
            parsed.node,
            this.#parse(kv, (at, value) => ownNode(parsed.node, at, agentCodec.parse(at, value))),
          );
        else this.agents.delete(parsed.node);
        this.underlay.setLive(parsed.node, this.agents.get(parsed.node)?.record?.tunnel_address ?? null);
        touchPhysnets(
          this.#touched,
          this,
          this.physnets.setAgent(parsed.node, this.agents.get(parsed.node)?.record ?? null),
        );
        if (kv) this.#touched.heard.add(parsed.node);
        this.#agentTouched(parsed.node, this.#touched);
        return;
      case 'heartbeat':
        this.#setHeartbeat(parsed.node, kv);
        return;
      case 'leader-heartbeat':
        if (kv) this.#touched.leaderHeard = true;
        return;
      case 'underlay':
        // Any mirror may send to what is now known to be a node's.
        if (this.underlay.setRecord(parsed.node, kv && this.#parse(kv, underlayCodec.parse)) && !this.#whole)
          for (const mirror of this.mirrors.byId.keys()) this.#touched.mirrors.add(mirror);
        this.#touched.nodes.add(parsed.node);
        return;
      case 'bound-port':
      case 'bound-trunk':
        this.#setBound(parsed, key, kv);
        return;
      case 'port-binding':
        this.places.setRecord(parsed.port, kv && this.#parse(kv, portBindingCodec.parse));
        this.#touched.ports.add(parsed.port);
        if (!this.#whole) touchPort(this.#touched, this, parsed.port);
        return;
      case 'other':
        return;
    }
  }

  #setHeartbeat(node: string, kv: KeyValue | undefined): void {
    // Its key goes with the agent's lease, and then the agent's record says so.
    const record = kv && this.#parse(kv, heartbeatCodec.parse).record;
    if (!kv) this.heartbeats.delete(node);
    if (!kv || !record) return;
    this.heartbeats.set(node, { revision: kv.modRevision, periodMs: record.period_ms });
    this.#touched.heard.add(node);
    const entry = this.silent.get(node);
    if (!entry) return;
    this.silent.delete(node);
    this.agents.set(node, entry);
    this.#agentTouched(node, this.#touched);
  }

  /**
   * An agent whose heartbeat has stopped is gone, whoever keeps its lease alive, until it is heard again.
   * @param touched is told what depends on it
   */
  silence(node: string, touched: Touched): void {
    const entry = this.agents.get(node);
    if (!entry?.record?.capabilities.includes(heartbeatCapability)) return;
    this.agents.delete(node);
    this.silent.set(node, entry);
    this.#agentTouched(node, touched);
  }

  #agentTouched(node: string, touched: Touched): void {
    touched.agents.set(node, this.agents.has(node));
    touched.nodes.add(node);
    if (!this.#whole) touchNode(touched, this, node);
  }

  #setBound(at: BindingKey, key: string, kv: KeyValue | undefined): void {
    if (this.places.from !== 'bound-ports') return;
    const said = kv && this.#parse(kv, (key, value) => parsePortsBound(at, key, value));
    const ports =
      kv?.refused === undefined
        ? this.places.setBound(key, said && boundBy(at, said.revision, said.record))
        : this.places.refuseBound(key, at.is === 'bound-port' ? at.port : null);
    if (!this.#whole) for (const port of ports) touchPort(this.#touched, this, port);
  }

  #setService(id: string, key: string, kv: KeyValue | undefined): void {
    const before = this.services.get(id);
    const old = before?.record;
    if (old) {
      this.servicesByPort.remove(old.port_id, id);
      this.byProject.tap_services.remove(before);
      this.#touched.ports.add(old.port_id);
    }
    this.#touched.services.add(id);
    const entry = kv && this.#resource(kv, id, tapServiceCodec.parse);
    if (!entry) {
      this.services.delete(id);
      this.unreadable.delete(key);
      this.#forgetService(id);
      return;
    }
    this.services.set(id, entry);
    if (!entry.record) return;
    this.servicesByPort.add(entry.record.port_id, id);
    this.byProject.tap_services.add(entry);
    this.segments.setProject(id, entry.record.project_id);
    this.#touched.ports.add(entry.record.port_id);
  }

  #setFlow(id: string, key: string, kv: KeyValue | undefined): void {
    const before = this.flows.get(id);
    const old = before?.record;
    if (old) {
      this.flowsByService.remove(old.tap_service_id, id);
      this.flowsByPort.remove(old.source_port, id);
      this.byProject.tap_flows.remove(before);
      this.#touched.services.add(old.tap_service_id);
      this.#touched.ports.add(old.source_port);
    }
    for (const service of this.nodeRecords.servicesOfFlow(id)) this.#touched.services.add(service);
    const entry = kv && this.#resource(kv, id, tapFlowCodec.parse);
    if (!entry) {
      this.flows.delete(id);
      this.unreadable.delete(key);
      return;
    }
    this.flows.set(id, entry);
    if (!entry.record) return;
    this.flowsByService.add(entry.record.tap_service_id, id);
    this.flowsByPort.add(entry.record.source_port, id);
    this.byProject.tap_flows.add(entry);
    this.#touched.services.add(entry.record.tap_service_id);
    this.#touched.ports.add(entry.record.source_port);
  }

  #setMirror(id: string, key: string, kv: KeyValue | undefined): void {
    const old = this.mirrors.byId.get(id)?.record;
    if (old) this.#touched.ports.add(old.port_id);
    this.#touched.mirrors.add(id);
    const entry = kv && this.#resource(kv, id, tapMirrorCodec.parse);
    if (!entry) this.unreadable.delete(key);
    else if (entry.record) this.#touched.ports.add(entry.record.port_id);
    this.mirrors.set(id, entry);
  }

  #resource<T extends { readonly id: string }>(
    kv: KeyValue,
    id: string,
    parse: (key: string, value: string) => T,
  ): Entry<T> {
    const entry = this.#parse(kv, (key, value) => ownId(id, key, parse(key, value)));
    if (entry.record === null) this.unreadable.add(kv.key);
    else this.unreadable.delete(kv.key);
    return entry;
  }

  #parse<T>(kv: KeyValue, parse: (key: string, value: string) => T): Entry<T> {
    const base = { key: kv.key, revision: kv.modRevision, createRevision: kv.createRevision, value: kv.value };
    try {
      const record = parse(kv.key, believed(kv));
      this.problems.delete(kv.key);
      return { ...base, record };
    } catch (error) {
      if (!(error instanceof RecordError)) throw error;
      this.#report(kv.key, error);
      return { ...base, record: null };
    }
  }

  /** Takes a value in; a malformed one is reported. */
  #guarded(key: string, kv: KeyValue | undefined, take: () => void): void {
    try {
      take();
      if (kv) this.problems.delete(key);
    } catch (error) {
      if (!(error instanceof RecordError)) throw error;
      this.#report(key, error);
    }
  }

  #forgetService(id: string): void {
    if (!this.services.has(id) && this.nodeRecords.countOfService(id) === 0) this.segments.forget(id);
  }

  #report(key: string, error: RecordError): void {
    this.problems.set(key, error.problem);
  }
}

/** @throws RecordError when an agent speaks of another node than the key does */
function ownNode(node: string, key: string, record: AgentRecord): AgentRecord {
  if (record.node !== node) throw new RecordError(key, "/node is not the key's");
  return record;
}

/** @throws RecordError for a state of another tap, or of a wanted record that was not there yet when it was written */
function knownState(id: string, { key, modRevision }: KeyValue, state: TapState): TapState {
  const own = ownId(id, key, state);
  if (own.revision > modRevision)
    throw new RecordError(key, `/revision is ${own.revision}, which was still to come when this was written`);
  return own;
}
