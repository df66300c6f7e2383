import {
  type Because,
  deriveStatus,
  type NodePart,
  type StatusView,
  type TapFlowRecord,
  type TapMirrorRecord,
  type TapServiceRecord,
} from '@taas/model';
import { compileMirror, type MirrorRules } from '../compiler/compile-mirror.js';
import { nodeFacts } from '../compiler/service-slice.js';
import type { Contained } from '../errors/contained.js';
import type { ClusterView } from '../view/cluster-view.js';
import type { MirrorNodeEntry } from '../view/mirror-index.js';
import type { NodeEntry } from '../view/node-record-index.js';
import { type PlacedPart, type PlacementSource, placedPart } from './placements.js';

const unknownStatus: StatusView = {
  status: 'ERROR',
  code: 'internal_error',
  reason: 'the status cannot be worked out; the log of the server says why',
};

/**
 * The status of taps as the view has it, with the reason: every replica runs the compiler's own function over the same
 * records, so that what it says of a blocker is what stops the leader.
 */
export class StatusReader {
  constructor(
    private readonly view: ClusterView,
    private readonly placements: PlacementSource,
    private readonly rules: MirrorRules,
    private readonly contained: Contained,
  ) {}

  /** A status that cannot be worked out is that of one tap: a list of others shows it as such. */
  contain(id: string, read: () => StatusView): StatusView {
    return this.contained.attempt(`the status of ${id}`, read, unknownStatus);
  }

  service(record: TapServiceRecord): StatusView {
    if (record.deleting) return this.#deleting(this.view.nodeRecords.ofService(record.id));
    // The record is newer than the view: nobody can have been told yet.
    if (!this.view.services.has(record.id)) return deriveStatus({ deleting: false, blocker: null, parts: [] });
    const { blockers, parts, receiptsMissing } = this.placements.of(record.id);
    if (blockers.lasting.has(record.id)) return refused(blockers.service);
    const own = parts.get(record.id);
    const status = deriveStatus({
      deleting: false,
      blocker: blockers.service,
      parts: own ? [this.#reported(own)] : [],
    });
    // There is one warning to a tap: what the node says comes first.
    if (receiptsMissing === null || status.status !== 'ACTIVE' || status.reason !== '') return status;
    return { status: 'ACTIVE', code: 'receipts_missing', reason: `warning: no receipts come: ${receiptsMissing}` };
  }

  /** A flow is ACTIVE only if both its own node and the collector's have verified their parts; a receiver has no node. */
  flow(record: TapFlowRecord): StatusView {
    const cascading = this.view.services.get(record.tap_service_id)?.record?.deleting === true;
    if (record.deleting || cascading) return this.#deleting(this.view.nodeRecords.ofFlow(record.id));
    if (!this.view.flows.has(record.id)) return deriveStatus({ deleting: false, blocker: null, parts: [] });
    const { blockers, parts } = this.placements.of(record.tap_service_id);
    const own = parts.get(record.id);
    const collector = parts.get(record.tap_service_id);
    const blocker = blockers.flows.get(record.id) ?? blockers.service;
    if (blockers.lasting.has(record.id)) return refused(blocker);
    if (this.view.services.get(record.tap_service_id)?.record?.receiver)
      return deriveStatus({ deleting: false, blocker, parts: own ? [this.#reported(own)] : [] });
    const both = own && collector ? [this.#reported(own), this.#reported(collector)] : [];
    return deriveStatus({ deleting: false, blocker, parts: both });
  }

  mirror(record: TapMirrorRecord): StatusView {
    const { mirrors } = this.view;
    if (record.deleting) return this.#deleting(mirrors.publishedOf(record.id));
    if (!mirrors.byId.has(record.id)) return deriveStatus({ deleting: false, blocker: null, parts: [] });
    const { records, blocker, lasting } = compileMirror(this.view, this.rules, record.id);
    if (lasting && blocker !== null) return refused(blocker);
    const wanted = records.filter(({ leaving }) => !leaving);
    const parts = wanted.map((each) => this.#reported(placedPart(each, mirrors.published(each))));
    return deriveStatus({ deleting: false, blocker, parts });
  }

  #deleting(published: readonly (NodeEntry | MirrorNodeEntry)[]): StatusView {
    const parts = published.map(({ node, kind, id, revision }) =>
      this.#reported({ node, kind, id, publishedRevision: revision }),
    );
    return deriveStatus({ deleting: true, blocker: null, parts });
  }

  #reported({ publishedRevision, ...at }: PlacedPart): NodePart {
    const { node } = at;
    const said = this.view.states.get(at);
    return {
      node,
      wantedRevision: publishedRevision,
      state: said?.record ?? null,
      stateUnreadable: said?.record === null,
      agentAlive: nodeFacts(this.view, node).alive,
      agentUnreadable: this.view.agents.get(node)?.record === null,
    };
  }
}

/** What no waiting mends is an error, and no PENDING_CREATE. */
const refused = (blocker: Because | null): StatusView => ({ status: 'ERROR', ...(blocker ?? unknownStatus) });
