import { isDeepStrictEqual } from 'node:util';
import {
  awaitsConsent,
  type Because,
  because,
  flowOptionsOf,
  keys,
  type Link,
  type NodeTapFlow,
  type NodeTapService,
  nodeTapFlowCodec,
  nodeTapServiceCodec,
  type SegmentKey,
  type TapFlowRecord,
  type TapServiceRecord,
  type VxlanLink,
} from '@taas/model';
import { atOnce, type Sliced } from '../slices/slices.js';
import type { ServiceKind } from '../view/entry.js';
import type { HeldSegment } from '../view/segment-ledger.js';
import { chooseLink } from './choose-link.js';
import { compileCapture } from './compile-capture.js';
import { chooseReceipts } from './compile-receipts.js';
import type { Compiled, WantedRecord } from './compiled.js';
import { mayStand, nodeLeft } from './migration.js';
import { foreignPort } from './port-owner.js';
import { refusedFlow } from './refused-flow.js';
import type { FlowEntry, ServiceSlice } from './service-slice.js';
import { waitsForConsent } from './waits-for-consent.js';

/**
 * What each node must be told for one tap service and its flows. A pure function of the slice: every replica computes the
 * same, the leader to write it and all of them to tell tenants what stands in the way.
 */
export const compileService = (slice: ServiceSlice): Compiled => atOnce(compiling(slice));

/**
 * {@link compileService}, in slices. Between them the view that the slice looks into may move on: who lets that happen has to
 * begin anew if one of the events was about the service.
 */
export function* compiling(slice: ServiceSlice): Sliced<Compiled> {
  const flows = new Map<string, Because>();
  function* refuse(blocker: Because, lasts = false): Sliced<Compiled> {
    const lasting = new Set(lasts ? [slice.id] : []);
    for (const flow of slice.flows) {
      flows.set(flow.record.id, blocker);
      if (lasts) lasting.add(flow.record.id);
      yield;
    }
    const blockers = { service: blocker, flows, lasting };
    return {
      nodeRecords: new Map(),
      segmentsNeeded: [],
      segmentsToMend: [],
      blockers,
      waitsForSegment: false,
      frozen: false,
    };
  }
  const service = slice.service?.record;
  if (slice.service && !service)
    return {
      ...(yield* refuse(because('record_invalid', `the record of tap service ${slice.id} is malformed`))),
      frozen: true,
    };
  if (!service) return yield* refuse(because('being_deleted', 'the tap service has been deleted'));
  if (service.deleting) return yield* refuse(because('being_deleted', 'the tap service is being deleted'));
  if (service.receiver) return yield* compileCapture(slice, service, service.receiver);
  const { port_id: port } = service;
  if (port === undefined) return yield* refuse(because('record_invalid', 'the tap service has no port'));
  const owner = slice.owner(port, service);
  if (owner === 'foreign') return yield* refuse(foreignPort(port), true);
  const place = slice.place(port, owner, 'tap_services', service.id);
  const [bound, blocker] = 'blocker' in place ? [null, place.blocker] : [place.node, null];
  const serving = nodeLeft(slice.published('tap_services', service.id), bound, slice) ?? bound;
  if (serving === null) return yield* refuse(blocker ?? because('port_not_bound', ''));
  return yield* new Compilation(slice, { ...service, port_id: port }, { bound, serving }, flows).result(blocker);
}

/** Nodes of a tap service's collector; the same but while it moves. */
interface Collectors {
  /** Where its port is bound; null if it is nowhere. */
  readonly bound: string | null;
  /** Where copies are sent as yet. */
  readonly serving: string;
}

class Compilation {
  readonly #records = new Map<string, WantedRecord>();
  readonly #needed = new Map<string, SegmentKey>();
  readonly #toMend = new Map<string, HeldSegment>();
  /** By the collector's node. */
  readonly #inputs = new Map<string, Map<string, Link>>();
  readonly #lasting = new Set<string>();
  #waits = false;
  #receiptsMissing: string | null = null;

  constructor(
    private readonly slice: ServiceSlice,
    private readonly service: TapServiceRecord & { readonly port_id: string },
    private readonly collectors: Collectors,
    private readonly blockers: Map<string, Because>,
  ) {}

  /** @param unbound why the collector's port is bound nowhere, if it is */
  *result(unbound: Because | null): Sliced<Compiled> {
    for (const flow of this.slice.flows) {
      yield;
      const blocker = this.#flow(flow) ?? unbound;
      if (blocker !== null) this.blockers.set(flow.record.id, blocker);
    }
    this.#keepUnreadable();
    const { bound, serving } = this.collectors;
    if (bound !== null) this.#collector(bound, false);
    if (serving !== bound) this.#collector(serving, true);
    this.#keepUntilSwitched();
    return {
      nodeRecords: this.#records,
      segmentsNeeded: [...this.#needed.values()],
      segmentsToMend: [...this.#toMend.values()],
      blockers: { service: unbound, flows: this.blockers, lasting: this.#lasting },
      waitsForSegment: this.#waits,
      receiptsMissing: this.#receiptsMissing,
      frozen: false,
    };
  }

  /** @returns why the flow cannot be placed, or null */
  #flow({ record: flow }: FlowEntry): Because | null {
    if (flow.deleting) return because('being_deleted', 'the tap flow is being deleted');
    if (awaitsConsent(flow)) return waitsForConsent;
    const refused = refusedFlow(this.slice, this.service, flow);
    if (refused) {
      this.#lasting.add(flow.id);
      return refused;
    }
    const owner = this.slice.owner(flow.source_port, flow);
    const place = this.slice.place(flow.source_port, owner, 'tap_flows', flow.id);
    const bound = 'blocker' in place ? null : place.node;
    const blocker = 'blocker' in place ? place.blocker : this.#source(flow, place.node, false);
    const left = nodeLeft(this.slice.published('tap_flows', flow.id), bound, this.slice);
    const comes = bound === null || this.#records.has(keys.nodeResource(bound, 'tap_flows', flow.id));
    if (left !== null && comes) this.#source(flow, left, true);
    return blocker;
  }

  /** Tells a node to copy. @returns why copies cannot get from there to where the collector is bound, or null */
  #source(flow: TapFlowRecord, node: string, leaving: boolean): Because | null {
    const { bound, serving } = this.collectors;
    const last = bound === null ? null : this.#target(node, bound, flow.id);
    // Where the collector will be, a node's own copies stay: it cannot be way out and way in of one service at once.
    const now = last !== null && (node === bound || serving === bound) ? last : this.#target(node, serving, flow.id);
    if (!('blocker' in now)) {
      const record: NodeTapFlow = {
        v: 1,
        id: flow.id,
        project_id: flow.project_id,
        tap_service_id: flow.tap_service_id,
        source_port: flow.source_port,
        direction: flow.direction,
        vlan_filter: flow.vlan_filter,
        filter: flow.filter_rules ?? [],
        ...flowOptionsOf(flow),
        target: now,
      };
      this.#add(node, 'tap_flows', flow.id, nodeTapFlowCodec.format(record), leaving);
    }
    const way = last ?? now;
    return 'blocker' in way ? way.blocker : null;
  }

  #target(source: string, collector: string, flow: string): Target | { readonly blocker: Because } {
    if (source === collector) return { type: 'local' };
    const choice = chooseLink(this.slice, {
      project: this.service.project_id,
      source,
      collector,
      current: this.#inUse(source, collector, flow),
    });
    if ('blocker' in choice) {
      this.#waits ||= choice.waitsForSegment;
      return choice;
    }
    this.#waits ||= choice.waitsForSegment;
    if (choice.needs) this.#needed.set(keys.segment(choice.needs), choice.needs);
    if (choice.mend) this.#toMend.set(choice.mend.key, choice.mend);
    this.#input(collector, choice.link);
    return choice.link;
  }

  /** What a source's node was told to send to, if that is this collector's node and the two still have it. */
  #inUse(source: string, collector: string, flow: string): Target | undefined {
    const current = this.slice.nodeRecords.get(keys.nodeResource(source, 'tap_flows', flow))?.record;
    if (!current || !('target' in current) || current.removed) return undefined;
    const { target } = current;
    const live = this.slice.published('tap_services', this.slice.id).filter(({ record }) => record?.removed !== true);
    const own = live.find(({ node }) => node === collector);
    if (!own) return undefined;
    if (live.length === 1 || target.type === 'local') return target;
    // It may be the other collector's.
    const { record } = own;
    const takes = record && 'inputs' in record && record.inputs.some((input) => sameLink(farEnd(input), target));
    return takes ? target : undefined;
  }

  /** A flow whose API record cannot be read goes on as it is: its user may still want it. Not by a way that is not safe. */
  #keepUnreadable(): void {
    for (const entry of this.slice.nodeRecords.values()) {
      const record = entry.record;
      if (!this.slice.unreadableFlows.has(entry.id) || this.#isShut(record)) continue;
      this.#add(entry.node, entry.kind, entry.id, entry.value, false);
      if (record && 'target' in record && !record.removed && record.target.type !== 'local')
        this.#input(this.collectors.serving, record.target);
    }
  }

  #collector(node: string, leaving: boolean): void {
    const { id, project_id, port_id } = this.service;
    const inputs = [...(this.#inputs.get(node) ?? [])].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, link]) => link);
    const receipts = this.#receipts(node, leaving);
    const record: NodeTapService = { v: 1, id, project_id, port_id, inputs, ...(receipts ? { receipts } : {}) };
    this.#add(node, 'tap_services', id, nodeTapServiceCodec.format(record), leaving);
  }

  #receipts(node: string, leaving: boolean): VxlanLink | null {
    const choice = chooseReceipts(this.slice, this.service, node);
    if (choice === null) return null;
    if ('missing' in choice) {
      this.#waits ||= choice.waitsForSegment;
      if (!leaving) this.#receiptsMissing = choice.missing;
      return null;
    }
    if (choice.needs) this.#needed.set(keys.segment(choice.needs), choice.needs);
    if (choice.mend) this.#toMend.set(choice.mend.key, choice.mend);
    return choice.link;
  }

  /**
   * Once the collector stands on its new node its sources are switched, and the old node takes in what they send until the last
   * has answered. Not if the old node is a source itself: it cannot be way in and way out of one service at once.
   */
  #keepUntilSwitched(): void {
    const left = this.slice
      .published('tap_services', this.slice.id)
      .filter((entry) => !this.#records.has(entry.key) && mayStand(entry, this.slice) && !this.#isShut(entry.record));
    if (left.length === 0) return;
    const flows = [...this.#records.values()].filter(({ kind }) => kind === 'tap_flows');
    if (!flows.some((flow) => this.#unanswered(flow))) return;
    for (const { node, kind, id, value } of left)
      if (flows.every((flow) => flow.node !== node)) this.#add(node, kind, id, value, true);
  }

  /** Whether a record has copies travel by VLANs that may carry none. */
  #isShut(record: NodeTapFlow | NodeTapService | null): boolean {
    if (record === null) return false;
    return ('inputs' in record ? record.inputs : [record.target]).some(
      (link) =>
        link.type === 'vlan' &&
        !this.slice.options.some(
          (option) =>
            option.type === 'vlan' &&
            option.physnet === link.physnet &&
            link.vlan >= option.first &&
            link.vlan <= option.last &&
            this.slice.vlans(option) !== 'closed',
        ),
    );
  }

  /** Whether a node that can answer has yet to do what it is to be told. */
  #unanswered({ key, node, value }: WantedRecord): boolean {
    if (!this.slice.alive(node)) return false;
    const published = this.slice.nodeRecords.get(key);
    return published?.value !== value || (this.slice.heard(published)?.revision ?? 0) < published.revision;
  }

  #input(collector: string, link: Link): void {
    const inputs = this.#inputs.get(collector) ?? new Map<string, Link>();
    const input = farEnd(link);
    inputs.set(JSON.stringify(input), input);
    this.#inputs.set(collector, inputs);
  }

  #add(node: string, kind: ServiceKind, id: string, value: string, leaving: boolean): void {
    const key = keys.nodeResource(node, kind, id);
    this.#records.set(key, { key, node, kind, id, value, leaving });
  }
}

type Target = NodeTapFlow['target'];

/** A link as the node at its other end sees it. */
const farEnd = (link: Link): Link =>
  link.type === 'vxlan' ? { ...link, local: link.remote, remote: link.local } : link;

const sameLink = (a: Link, b: Link): boolean => isDeepStrictEqual(a, b);
