import type { StatusView, TapFlowRecord, TapMirrorRecord, TapServiceRecord } from '@taas/model';
import type { Shown } from '../http/list-query.js';
import { shownRules } from './filter-rules.js';

/** A tap service as the API shows it: Neutron's attributes in Neutron's order, and ours: `status_reason`, a flow's `filter_rules`. */
export function shownService(record: TapServiceRecord, view: StatusView): Shown & { readonly id: string } {
  return {
    id: record.id,
    tenant_id: record.project_id,
    name: record.name,
    description: record.description,
    port_id: record.port_id,
    status: view.status,
    project_id: record.project_id,
    status_reason: view.reason,
    status_code: view.code,
  };
}

export function shownFlow(record: TapFlowRecord, view: StatusView): Shown & { readonly id: string } {
  return {
    id: record.id,
    tenant_id: record.project_id,
    tap_service_id: record.tap_service_id,
    name: record.name,
    description: record.description,
    source_port: record.source_port,
    direction: record.direction,
    status: view.status,
    vlan_filter: record.vlan_filter,
    project_id: record.project_id,
    filter_rules: shownRules(record.filter_rules ?? [], record.filter_rules_given),
    status_reason: view.reason,
    status_code: view.code,
  };
}

/** Upstream's tap mirrors have no status; clients that do not know it leave it alone. */
export function shownMirror(record: TapMirrorRecord, view: StatusView): Shown & { readonly id: string } {
  return {
    id: record.id,
    project_id: record.project_id,
    name: record.name,
    description: record.description,
    port_id: record.port_id,
    directions: record.directions_given ?? record.directions,
    remote_ip: record.remote_ip,
    mirror_type: record.mirror_type,
    tenant_id: record.project_id,
    status: view.status,
    status_reason: view.reason,
    status_code: view.code,
  };
}
