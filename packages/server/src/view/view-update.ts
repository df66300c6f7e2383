import {
  type AgentRecord,
  agentCodec,
  asLine,
  heartbeatCodec,
  isInPlace,
  type ParsedKey,
  parseKey,
  physnetCodec,
  portBindingCodec,
  quotaCodec,
  RecordError,
  receiptSenderCodec,
  segmentCodec,
  serverCodec,
  type TapState,
  tapStateCodec,
  underlayCodec,
} from '@taas/model';
import type { KeyValue } from '@taas/store';
import type { BindingKey } from './bound-ports.js';
import { Dirty } from './dirty.js';
import type { Entry, ValuedEntry } from './entry.js';
import { knownId } from './known-id.js';
import {
  markAgentDirty,
  markHolderDirty,
  markPhysnetsDirty,
  markPortDirty,
  markReportDirty,
  serviceOf,
} from './mark-dirty.js';
import { NodeState } from './node-states.js';
import { boundBy, parsePortsBound } from './port-binding.js';
import { PortRole, readRole } from './port-role.js';
import { believed, ownId, ownText } from './record-value.js';
import { heldSegment } from './segment-ledger.js';
import type { TapPart } from './tap-part.js';
import { TapUpdate } from './tap-update.js';
import type { ViewTables } from './view-tables.js';

/** Takes what etcd says into a view, key by key, and notes what each was about. */
export class ViewUpdate {
  readonly dirty = new Dirty();
  readonly #taps: TapUpdate;

  constructor(
    private readonly view: ViewTables,
    /** A snapshot is read: then everything is touched anyway. */
    private readonly whole: boolean,
  ) {
    this.#taps = new TapUpdate(view, this.dirty, (kv, parse) => this.#parse(kv, parse));
  }

  put(entry: KeyValue): void {
    this.#set(parseKey(entry.key), entry.key, entry);
  }

  delete(key: string): void {
    this.#set(parseKey(key), key, undefined);
  }

  /** Takes a change in. Whatever goes wrong is that key's alone: the other keys of the event count. */
  #set(parsed: ParsedKey, key: string, kv: KeyValue | undefined): void {
    const before = this.view.problems.get(key);
    try {
      this.#take(parsed, key, kv);
    } catch (error) {
      this.view.problems.set(key, asLine(`cannot be taken in: ${String(error)}`));
    }
    if (this.view.problems.get(key) !== before) this.dirty.problems.add(key);
  }

  #take(parsed: ParsedKey, key: string, kv: KeyValue | undefined): void {
    if (kv === undefined) this.view.problems.delete(key);
    switch (parsed.is) {
      case 'resource': {
        const unreadable = this.view.unreadable.size;
        this.#taps.set(parsed.kind, parsed.id, key, kv);
        // What was kept of ports on the malformed record's account may be nobody's now.
        if (unreadable > 0 && this.view.unreadable.size === 0)
          for (const some of [this.view.portRoles.keys(), this.view.places.recorded()])
            for (const port of some) this.dirty.ports.add(port);
        return;
      }
      case 'quota':
        if (kv) this.view.quotas.set(parsed.project, this.#parse(kv, quotaCodec.parse));
        else this.view.quotas.delete(parsed.project);
        return;
      case 'admission':
        if (kv) this.view.admissions.set(key, kv.modRevision);
        else this.view.admissions.delete(key);
        return;
      case 'tunnel-id':
        this.#guarded(key, kv, () => this.view.mirrors.setTunnelId(key, kv));
        return;
      case 'port-role': {
        const entry = kv && this.#role(parsed.port, kv);
        const owner = this.view.portRoles.get(parsed.port)?.record?.project_id;
        if (entry?.record?.project_id !== owner && !this.whole) markPortDirty(this.dirty, this.view, parsed.port);
        if (entry) this.view.portRoles.set(entry.port, entry);
        else this.view.portRoles.delete(parsed.port);
        this.dirty.ports.add(parsed.port);
        return;
      }
      case 'segment': {
        const before = this.view.segments.remove(parsed.segment);
        if (before && !this.whole) markHolderDirty(this.dirty, this.view, before);
        this.dirty.segmentsFreed ||= kv === undefined;
        if (!kv) {
          if (before && before.serviceId !== null) this.#taps.forgetService(before.serviceId);
          return;
        }
        const holder = this.#parse(kv, segmentCodec.parse).record?.tap_service_id ?? null;
        const held = heldSegment(parsed.segment, kv.modRevision, holder);
        this.view.segments.set(held);
        if (!this.whole) markHolderDirty(this.dirty, this.view, held);
        return;
      }
      case 'node-resource': {
        const { kind, id } = parsed;
        const node = this.view.texts.of(parsed.node);
        this.dirty.taps.set(id, kind);
        if (kind === 'tap_mirrors') {
          this.dirty.mirrors.add(id);
          this.dirty.sessionsFreed ||= kv === undefined;
          this.#guarded(key, kv, () =>
            this.view.mirrors.setPublished({ node, id: knownId(this.view, kind, id) }, key, kv),
          );
          return;
        }
        const belongs = serviceOf(this.view, kind, id);
        const orphans = this.view.nodeRecords.orphans;
        const change = this.view.nodeRecords.set(
          { node, kind, id: knownId(this.view, kind, id) },
          kv,
          belongs,
          (error) => this.#report(key, error),
        );
        for (const service of change.services) this.dirty.services.add(service);
        if (belongs !== undefined) this.dirty.services.add(belongs);
        if (change.project) this.view.segments.setProject(change.project.service, change.project.id);
        if (change.readable) this.view.problems.delete(key);
        // Segments that were held back on the orphan's account may be free now.
        if (orphans > 0 && this.view.nodeRecords.orphans === 0) {
          for (const service of this.view.segments.services()) this.dirty.services.add(service);
        }
        return;
      }
      case 'physnet':
        markPhysnetsDirty(
          this.dirty,
          this.view,
          this.view.physnets.setRecord(parsed.physnet, kv && this.#parseValued(kv, physnetCodec.parse)),
        );
        return;
      case 'state-resource': {
        const { kind, id, node } = parsed;
        this.dirty.taps.set(id, kind);
        const before = isInPlace(this.view.states.get(parsed)?.record?.status);
        if (kv) this.view.states.set(this.#state(parsed, kv));
        else this.view.states.delete(parsed);
        const stands = isInPlace(this.view.states.get(parsed)?.record?.status);
        if (before !== stands && !this.whole) this.dirty.turns.push({ kind, id, node, stands });
        if (!this.whole) markReportDirty(this.dirty, this.view, kind, id, node);
        return;
      }
      case 'agent': {
        // Whoever writes the record, lives.
        this.view.silent.delete(parsed.node);
        const told = this.view.agents.get(parsed.node)?.record;
        if (kv)
          this.view.agents.set(
            parsed.node,
            this.#parse(kv, (at, value) => ownNode(parsed.node, at, agentCodec.parse(at, value))),
          );
        else this.view.agents.delete(parsed.node);
        this.view.underlay.setLive(parsed.node, this.view.agents.get(parsed.node)?.record?.tunnel_address ?? null);
        markPhysnetsDirty(
          this.dirty,
          this.view,
          this.view.physnets.setAgent(parsed.node, this.view.agents.get(parsed.node)?.record ?? null),
        );
        if (kv) this.dirty.heard.add(parsed.node);
        if (decides(told) !== decides(this.view.agents.get(parsed.node)?.record)) this.#agentDirty(parsed.node);
        return;
      }
      case 'heartbeat':
        this.#setHeartbeat(parsed.node, kv);
        return;
      case 'server':
        if (kv) this.view.servers.set(parsed.name, this.#parse(kv, serverCodec.parse));
        else this.view.servers.delete(parsed.name);
        return;
      case 'receipt-sender':
        this.view.receiptSender = kv ? this.#parse(kv, receiptSenderCodec.parse) : null;
        if (!this.whole) for (const service of this.view.withReceipts) this.dirty.services.add(service);
        return;
      case 'leader-heartbeat':
        if (kv) this.dirty.leaderHeard = true;
        return;
      case 'underlay':
        // Any mirror may send to what is now known to be a node's.
        if (this.view.underlay.setRecord(parsed.node, kv && this.#parse(kv, underlayCodec.parse)) && !this.whole)
          for (const mirror of this.view.mirrors.byId.keys()) this.dirty.mirrors.add(mirror);
        this.dirty.nodes.add(parsed.node);
        return;
      case 'bound-port':
      case 'bound-trunk':
        this.#setBound(parsed, kv);
        return;
      case 'port-binding':
        this.view.places.setRecord(parsed.port, kv && this.#parseValued(kv, portBindingCodec.parse));
        this.dirty.ports.add(parsed.port);
        if (!this.whole) markPortDirty(this.dirty, this.view, parsed.port);
        return;
      case 'statistics':
        // What is not the last of a tap is not kept: only those who look at the tap read it.
        if (kv?.value.includes('"final":true')) this.view.finals.set(key, kv);
        else this.view.finals.delete(key);
        if (!this.whole) this.dirty.statistics.set(key, kv ?? null);
        return;
      case 'statistics-totals':
        if (kv) this.view.totals.set(key, kv.modRevision);
        else this.view.totals.delete(key);
        return;
      case 'statistics-request':
      case 'other':
        return;
    }
  }

  #state({ node, kind, id }: TapPart, kv: KeyValue): NodeState {
    const said = this.#parse(kv, (at, value) => knownState(id, kv, tapStateCodec.parse(at, value)));
    const { record, revision, createRevision } = said;
    const known = knownId(this.view, kind, id);
    if (record) record.id = known;
    return new NodeState(this.view.texts.of(node), kind, known, revision, createRevision, record);
  }

  #role(port: string, kv: KeyValue): PortRole {
    const { roleRecords } = this.view;
    const { record: said } = this.#parse(kv, (key, text) => roleRecords.of(text, (value) => readRole(key, value)));
    const { value, modRevision, createRevision } = kv;
    return new PortRole(ownText(port), modRevision, createRevision, said ?? { value, record: null });
  }

  #setHeartbeat(node: string, kv: KeyValue | undefined): void {
    // Its key goes with the agent's lease, and then the agent's record says so.
    const record = kv && this.#parse(kv, heartbeatCodec.parse).record;
    if (!kv) this.view.heartbeats.delete(node);
    if (!kv || !record) return;
    this.view.heartbeats.set(node, { revision: kv.modRevision, periodMs: record.period_ms, at: record.at ?? null });
    this.dirty.heard.add(node);
    const entry = this.view.silent.get(node);
    if (!entry) return;
    this.view.silent.delete(node);
    this.view.agents.set(node, entry);
    this.#agentDirty(node);
  }

  #setBound({ is, node, port }: BindingKey, kv: KeyValue | undefined): void {
    if (this.view.places.from !== 'bound-ports') return;
    const at = { is, node: this.view.texts.of(node), port: this.view.portRoles.get(port)?.port ?? ownText(port) };
    const said = kv && this.#parse(kv, (key, value) => parsePortsBound(at, key, value));
    const ports =
      kv?.refused === undefined
        ? this.view.places.setBound(at, said && boundBy(at, said.revision, said.record))
        : this.view.places.refuseBound(at);
    for (const port of ports) {
      this.view.tapped.look(this.view, port);
      if (!this.whole) markPortDirty(this.dirty, this.view, port);
    }
  }

  #parseValued<T>(kv: KeyValue, parse: (key: string, value: string) => T): ValuedEntry<T> {
    return { value: kv.value, ...this.#parse(kv, parse) };
  }

  #parse<T>(kv: KeyValue, parse: (key: string, value: string) => T): Entry<T> {
    const { key, modRevision: revision, createRevision } = kv;
    try {
      const record = parse(key, believed(kv));
      this.view.problems.delete(key);
      return { key, revision, createRevision, record };
    } catch (error) {
      if (!(error instanceof RecordError)) throw error;
      this.#report(key, error);
      return { key, revision, createRevision, record: null };
    }
  }

  /** Takes a value in; a malformed one is reported. */
  #guarded(key: string, kv: KeyValue | undefined, take: () => void): void {
    try {
      take();
      if (kv) this.view.problems.delete(key);
    } catch (error) {
      if (!(error instanceof RecordError)) throw error;
      this.#report(key, error);
    }
  }

  #report(key: string, error: RecordError): void {
    this.view.problems.set(key, error.problem);
  }

  #agentDirty(node: string): void {
    markAgentDirty(this.dirty, this.view, node, this.whole);
  }
}

/** What of an agent's record anything is decided by; `facts` are for people, and change with what they are about. */
function decides(record: AgentRecord | null | undefined): string {
  return JSON.stringify(record && { ...record, facts: null });
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
