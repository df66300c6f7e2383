import {
  keys,
  type Link,
  type NodeTapFlow,
  type NodeTapService,
  nodeTapFlowCodec,
  nodeTapServiceCodec,
  type ResourceKind,
  type SegmentKey,
  type TapServiceRecord,
} from '@taas/model';
import type { HeldSegment } from '../view/segment-ledger.js';
import { chooseLink } from './choose-link.js';
import type { FlowEntry, ServiceSlice } from './service-slice.js';

/** A record that a node should have. */
export interface WantedRecord {
  readonly key: string;
  readonly node: string;
  readonly kind: ResourceKind;
  readonly id: string;
  readonly value: string;
}

export interface Compiled {
  /** By etcd key: all that nodes should be told about the service and its flows. */
  readonly nodeRecords: ReadonlyMap<string, WantedRecord>;
  /** Free segments that the service must take together with telling the nodes. */
  readonly segmentsNeeded: readonly SegmentKey[];
  /** Segments that the service uses and whose records are malformed. */
  readonly segmentsToMend: readonly HeldSegment[];
  readonly obstacles: {
    readonly service: string | null;
    /** By flow id; flows without an entry have been placed. */
    readonly flows: ReadonlyMap<string, string>;
  };
  /** A flow could be placed if only a segment were free. */
  readonly waitsForSegment: boolean;
  /** The service's own record is malformed: nothing about it may be changed until somebody mends it. */
  readonly frozen: boolean;
}

/**
 * What each node must be told for one tap service and its flows. A pure function of the slice: every replica computes the
 * same, the leader to write it and all of them to tell tenants what stands in the way.
 */
export function compileService(slice: ServiceSlice): Compiled {
  const flows = new Map<string, string>();
  const refuse = (reason: string): Compiled => {
    for (const flow of slice.flows) flows.set(flow.record.id, reason);
    const obstacles = { service: reason, flows };
    return {
      nodeRecords: new Map(),
      segmentsNeeded: [],
      segmentsToMend: [],
      obstacles,
      waitsForSegment: false,
      frozen: false,
    };
  };
  const service = slice.service?.record;
  if (slice.service && !service)
    return { ...refuse(`the record of tap service ${slice.id} is malformed`), frozen: true };
  if (!service) return refuse(`tap service ${slice.id} does not exist`);
  if (service.deleting) return refuse('the tap service is being deleted');
  const collector = slice.place(service.port_id, 'tap_services', service.id);
  if ('obstacle' in collector) return refuse(collector.obstacle);
  if (foreign(collector.projectId, service)) return refuse(`port ${service.port_id} belongs to another project`);
  return new Compilation(slice, service, collector.node, flows).result();
}

/** Whether a port is known to belong to somebody else than the tap. */
export const foreign = (portProject: string | null, tap: { readonly project_id: string }): boolean =>
  portProject !== null && portProject !== tap.project_id;

class Compilation {
  readonly #records = new Map<string, WantedRecord>();
  readonly #needed = new Map<string, SegmentKey>();
  readonly #toMend = new Map<string, HeldSegment>();
  readonly #inputs = new Map<string, Link>();
  readonly #collectorStays: boolean;
  #waits = false;

  constructor(
    private readonly slice: ServiceSlice,
    private readonly service: TapServiceRecord,
    private readonly collector: string,
    private readonly obstacles: Map<string, string>,
  ) {
    const own = keys.nodeResource(collector, 'tap_services', slice.id);
    const told = slice.nodeRecords.get(own);
    this.#collectorStays = told !== undefined && told.record?.removed !== true;
  }

  result(): Compiled {
    for (const flow of this.slice.flows) {
      const obstacle = this.#flow(flow);
      if (obstacle !== null) this.obstacles.set(flow.record.id, obstacle);
    }
    this.#keepUnreadable();
    const inputs = [...this.#inputs].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, link]) => link);
    const record: NodeTapService = {
      v: 1,
      id: this.service.id,
      project_id: this.service.project_id,
      port_id: this.service.port_id,
      inputs,
    };
    this.#add(this.collector, 'tap_services', this.service.id, nodeTapServiceCodec.format(record));
    return {
      nodeRecords: this.#records,
      segmentsNeeded: [...this.#needed.values()],
      segmentsToMend: [...this.#toMend.values()],
      obstacles: { service: null, flows: this.obstacles },
      waitsForSegment: this.#waits,
      frozen: false,
    };
  }

  /** @returns why the flow cannot be placed, or null */
  #flow({ record: flow }: FlowEntry): string | null {
    if (flow.deleting) return 'the tap flow is being deleted';
    // The API refuses these two; a record written by other hands must not break the isolation either.
    if (flow.project_id !== this.service.project_id) return 'tap flow and tap service belong to different projects';
    if (flow.source_port === this.service.port_id) return `port ${flow.source_port} is the tap service's own port`;
    const place = this.slice.place(flow.source_port, 'tap_flows', flow.id);
    if ('obstacle' in place) return place.obstacle;
    if (foreign(place.projectId, flow)) return `port ${flow.source_port} belongs to another project`;
    const target = this.#target(place.node, flow.id);
    if ('obstacle' in target) return target.obstacle;
    const record: NodeTapFlow = {
      v: 1,
      id: flow.id,
      project_id: flow.project_id,
      tap_service_id: flow.tap_service_id,
      source_port: flow.source_port,
      direction: flow.direction,
      vlan_filter: flow.vlan_filter,
      filter: flow.filter_rules ?? [],
      target,
    };
    this.#add(place.node, 'tap_flows', flow.id, nodeTapFlowCodec.format(record));
    return null;
  }

  #target(source: string, flow: string): NodeTapFlow['target'] | { readonly obstacle: string } {
    if (source === this.collector) return { type: 'local' };
    const key = keys.nodeResource(source, 'tap_flows', flow);
    const current = this.slice.nodeRecords.get(key)?.record;
    const choice = chooseLink(this.slice, {
      project: this.service.project_id,
      source,
      collector: this.collector,
      current: this.#collectorStays && current && 'target' in current && !current.removed ? current.target : undefined,
    });
    if ('obstacle' in choice) {
      this.#waits ||= choice.waitsForSegment;
      return choice;
    }
    if (choice.needs) this.#needed.set(keys.segment(choice.needs), choice.needs);
    if (choice.mend) this.#toMend.set(choice.mend.key, choice.mend);
    this.#input(choice.link);
    return choice.link;
  }

  /** A flow whose API record cannot be read goes on as it is: its user may still want it. */
  #keepUnreadable(): void {
    for (const entry of this.slice.nodeRecords.values()) {
      if (!this.slice.unreadableFlows.has(entry.id)) continue;
      this.#add(entry.node, entry.kind, entry.id, entry.value);
      const record = entry.record;
      if (record && 'target' in record && !record.removed && record.target.type !== 'local') this.#input(record.target);
    }
  }

  /** The collector's end of a link. */
  #input(link: Link): void {
    const input: Link = link.type === 'vxlan' ? { ...link, local: link.remote, remote: link.local } : link;
    this.#inputs.set(JSON.stringify(input), input);
  }

  #add(node: string, kind: ResourceKind, id: string, value: string): void {
    const key = keys.nodeResource(node, kind, id);
    this.#records.set(key, { key, node, kind, id, value });
  }
}
