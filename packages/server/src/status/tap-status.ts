import {
  deriveStatus,
  keys,
  type NodePart,
  type ResourceKind,
  type StatusView,
  type TapFlowRecord,
  type TapMirrorRecord,
  type TapServiceRecord,
} from '@taas/model';
import { compileMirror } from '../compiler/compile-mirror.js';
import { type Compiled, compileService, type WantedRecord } from '../compiler/compile-service.js';
import type { SegmentPolicy } from '../compiler/segment-options.js';
import { nodeFacts, sliceOf } from '../compiler/service-slice.js';
import type { ClusterView } from '../view/cluster-view.js';
import type { NodeEntry } from '../view/entry.js';
import type { MirrorNodeEntry } from '../view/mirror-index.js';

interface Known {
  readonly compiled: Compiled;
  /** The service's wanted record, and each flow's, by id. */
  readonly wanted: ReadonlyMap<string, WantedRecord>;
}

/**
 * The status of taps as the view has it, with the reason: every replica runs the compiler's own function over the same
 * records, so that what it says of an obstacle is what stops the leader. One reader serves one request: it remembers what
 * it has compiled, and must not outlive the view's next event.
 */
export class StatusReader {
  readonly #services = new Map<string, Known>();

  constructor(
    private readonly view: ClusterView,
    private readonly policy: SegmentPolicy,
  ) {}

  service(record: TapServiceRecord): StatusView {
    const { compiled, wanted } = this.#known(record.id);
    if (record.deleting) return this.#deleting(this.view.nodeRecords.ofService(record.id));
    // The record is newer than the view: nobody can have been told yet.
    if (!this.view.services.has(record.id)) return deriveStatus({ deleting: false, obstacle: null, parts: [] });
    const own = wanted.get(record.id);
    const parts = own ? [this.#part(own)] : [];
    return deriveStatus({ deleting: false, obstacle: compiled.obstacles.service, parts });
  }

  /** A flow is ACTIVE only if both its own node and the collector's have verified their parts. */
  flow(record: TapFlowRecord): StatusView {
    const { compiled, wanted } = this.#known(record.tap_service_id);
    const cascading = this.view.services.get(record.tap_service_id)?.record?.deleting === true;
    if (record.deleting || cascading) return this.#deleting(this.view.nodeRecords.ofFlow(record.id));
    if (!this.view.flows.has(record.id)) return deriveStatus({ deleting: false, obstacle: null, parts: [] });
    const own = wanted.get(record.id);
    const collector = wanted.get(record.tap_service_id);
    const parts = own && collector ? [this.#part(own), this.#part(collector)] : [];
    const obstacle = compiled.obstacles.flows.get(record.id) ?? compiled.obstacles.service;
    return deriveStatus({ deleting: false, obstacle, parts });
  }

  mirror(record: TapMirrorRecord): StatusView {
    if (record.deleting) return this.#deleting(this.view.mirrors.toldOf(record.id));
    if (!this.view.mirrors.byId.has(record.id)) return deriveStatus({ deleting: false, obstacle: null, parts: [] });
    const { record: wanted, obstacle } = compileMirror(this.view, record.id);
    return deriveStatus({ deleting: false, obstacle, parts: wanted ? [this.#part(wanted)] : [] });
  }

  #known(service: string): Known {
    let known = this.#services.get(service);
    if (!known) {
      const compiled = compileService(sliceOf(this.view, this.policy, service));
      known = { compiled, wanted: new Map([...compiled.nodeRecords.values()].map((record) => [record.id, record])) };
      this.#services.set(service, known);
    }
    return known;
  }

  #deleting(told: readonly (NodeEntry | MirrorNodeEntry)[]): StatusView {
    const parts = told.map((entry) => this.#reported(entry.node, entry.kind, entry.id, entry.revision));
    return deriveStatus({ deleting: true, obstacle: null, parts });
  }

  #part(wanted: WantedRecord): NodePart {
    const told = this.view.nodeRecords.get(wanted.key) ?? this.view.mirrors.told(wanted.key);
    const revision = told?.value === wanted.value ? told.revision : null;
    return this.#reported(wanted.node, wanted.kind, wanted.id, revision);
  }

  #reported(node: string, kind: ResourceKind, id: string, wantedRevision: number | null): NodePart {
    const state = this.view.states.get(keys.stateResource(node, kind, id))?.record ?? null;
    return { node, wantedRevision, state, agentAlive: nodeFacts(this.view, node).alive };
  }
}
