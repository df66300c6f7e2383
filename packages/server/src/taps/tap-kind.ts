import {
  type RecordCodec,
  type ResourceKind,
  type StatusView,
  type TapFlowRecord,
  type TapMirrorRecord,
  type TapServiceRecord,
  tapFlowCodec,
  tapMirrorCodec,
  tapServiceCodec,
} from '@taas/model';
import type { Shown } from '../http/list-query.js';
import type { StatusReader } from '../status/tap-status.js';
import type { ClusterView } from '../view/cluster-view.js';
import type { Entry } from '../view/entry.js';
import type { ProjectIndex } from '../view/project-index.js';
import { shownFlow, shownMirror, shownService } from './shown-resource.js';

export type TapRecord = TapServiceRecord | TapFlowRecord | TapMirrorRecord;
export type ShownTap = Shown & { readonly id: string };

/** Where the view has the records of a kind. */
export interface Shelf {
  readonly byId: ReadonlyMap<string, Entry<TapRecord>>;
  readonly byProject: Pick<ProjectIndex, 'count' | 'inOrder'>;
}

export function shelf(view: ClusterView, kind: ResourceKind): Shelf {
  switch (kind) {
    case 'tap_services':
      return { byId: view.services, byProject: view.byProject.tap_services };
    case 'tap_flows':
      return { byId: view.flows, byProject: view.byProject.tap_flows };
    case 'tap_mirrors':
      return view.mirrors;
  }
}

export const codecs: Readonly<Record<ResourceKind, RecordCodec<TapRecord>>> = {
  tap_services: tapServiceCodec as RecordCodec<TapRecord>,
  tap_flows: tapFlowCodec as RecordCodec<TapRecord>,
  tap_mirrors: tapMirrorCodec as RecordCodec<TapRecord>,
};

export function statusOf(record: TapRecord, reader: StatusReader): StatusView {
  return reader.contain(record.id, () => {
    if ('tap_service_id' in record) return reader.flow(record);
    return 'mirror_type' in record ? reader.mirror(record) : reader.service(record);
  });
}

/** The tap service whose placement the status of a record needs; null if it needs none. */
export function behind(record: TapRecord): string | null {
  if (record.deleting || 'mirror_type' in record) return null;
  return 'tap_service_id' in record ? record.tap_service_id : record.id;
}

/** A record as the API shows it, with what is to be said of its status. */
export function shown(record: TapRecord, status: StatusView): ShownTap {
  if ('tap_service_id' in record) return shownFlow(record, status);
  return 'mirror_type' in record ? shownMirror(record, status) : shownService(record, status);
}
