import type { AuditTap, ResourceKind, StatusView } from '@taas/model';
import type { StatusReader } from '../status/tap-status.js';
import type { ClusterView } from '../view/cluster-view.js';
import { ownerOf } from '../view/port-owner.js';
import type { TapRecord } from '../view/shelf.js';
import type { Attribute } from './attributes.js';
import { tapFlow } from './tap-flow/tap-flow.js';
import type { ShownTap, TapKind } from './tap-kind.js';
import { tapMirror } from './tap-mirror/tap-mirror.js';
import { tapService } from './tap-service/tap-service.js';
import type { ExpiryTime } from './terms/expiry-time.js';
import { auditedTerms, type Warning, warned } from './terms/shown-terms.js';

export const tapKinds: Readonly<Record<ResourceKind, TapKind>> = {
  tap_services: tapService,
  tap_flows: tapFlow,
  tap_mirrors: tapMirror,
};

/** Of each kind, in Neutron's order. */
export const attributes: Readonly<Record<ResourceKind, Readonly<Record<string, Attribute>>>> = {
  tap_services: tapService.attributes,
  tap_flows: tapFlow.attributes,
  tap_mirrors: tapMirror.attributes,
};

/** The status of a tap; one that cannot be worked out is said to be unknown. */
export function statusOf(kind: ResourceKind, record: TapRecord, reader: StatusReader): StatusView {
  return reader.contain(record.id, () => tapKinds[kind].status(record, reader));
}

/** A tap as the API shows it. @param status what its nodes say */
export function showTap(
  kind: ResourceKind,
  { record, end }: { readonly record: TapRecord; readonly end: ExpiryTime | undefined },
  status: StatusView,
  warning: Warning,
): ShownTap {
  return tapKinds[kind].shown(record, warned(end, status, warning));
}

/** Longest text taken over from what a client has sent. */
const longest = 255;
export const shortened = (text: string): string => (text.length > longest ? `${text.slice(0, longest)}…` : text);

/** A tap as the audit trail shows it. */
export function auditedTap(view: ClusterView, kind: ResourceKind, record: TapRecord): AuditTap {
  const { id, name, project_id } = record;
  const port = tapKinds[kind].portOf(record);
  const common = { kind, id, name: shortened(name), project_id };
  return {
    ...common,
    ...(port === null ? {} : { port_id: port, port_project_id: ownerOf(view, port) }),
    ...tapKinds[kind].audited(record, view),
    ...auditedTerms(record),
  };
}
