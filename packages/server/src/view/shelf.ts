import {
  type RecordCodec,
  type ResourceKind,
  type TapFlowRecord,
  type TapMirrorRecord,
  type TapServiceRecord,
  tapFlowCodec,
  tapMirrorCodec,
  tapServiceCodec,
} from '@taas/model';
import type { ClusterView } from './cluster-view.js';
import type { Entry } from './entry.js';
import type { MirrorNodeEntry } from './mirror-index.js';
import type { NodeEntry } from './node-record-index.js';
import type { ProjectIndex } from './project-index.js';
import type { TapPart } from './tap-part.js';

export type TapRecord = TapServiceRecord | TapFlowRecord | TapMirrorRecord;

export const tapCodecs: Readonly<Record<ResourceKind, RecordCodec<TapRecord>>> = {
  tap_services: tapServiceCodec as RecordCodec<TapRecord>,
  tap_flows: tapFlowCodec as RecordCodec<TapRecord>,
  tap_mirrors: tapMirrorCodec as RecordCodec<TapRecord>,
};

/** Where the view has what there is of a kind: for whoever does the same with all of them. */
export interface Shelf {
  readonly byId: ReadonlyMap<string, Entry<TapRecord>>;
  readonly byProject: Pick<ProjectIndex, 'count' | 'inOrder'>;
  /** What nodes have been told about a tap itself, tombstones included. */
  publishedOf(id: string): readonly (NodeEntry | MirrorNodeEntry)[];
  /** What a node has been told of a tap of this kind. */
  published(at: Omit<TapPart, 'kind'>): NodeEntry | MirrorNodeEntry | undefined;
}

export function shelf(view: ClusterView, kind: ResourceKind): Shelf {
  const { nodeRecords, byProject, mirrors } = view;
  switch (kind) {
    case 'tap_mirrors':
      return mirrors;
    case 'tap_services':
    case 'tap_flows':
      return {
        byId: kind === 'tap_services' ? view.services : view.flows,
        byProject: byProject[kind],
        publishedOf: (id) => nodeRecords.ofTap(kind, id),
        published: ({ node, id }) => nodeRecords.get({ node, kind, id }),
      };
  }
}
