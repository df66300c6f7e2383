import type { TapFlowRecord } from '@taas/model';
import { direction, uuid, vlanFilter } from '../attribute-type.js';
import { commonAttributes, required } from '../attributes.js';
import { filterRules, shownRules } from '../filter-rules.js';
import type { TapKind } from '../tap-kind.js';
import { shownTapping, tappingAttributes } from '../tapping-attributes.js';
import { admitFlows } from './admit-flows.js';
import { optionAttributes, shownOptions } from './flow-options.js';
import { removeUnpublishedFlow } from './unpublished-flow.js';

/** Copies a port's traffic to a tap service. */
export const tapFlow: TapKind<TapFlowRecord> = {
  kind: 'tap_flows',
  attributes: {
    ...commonAttributes,
    tap_service_id: required(uuid, 'Where the copies go.'),
    source_port: required(uuid, 'The Neutron port whose traffic is copied; of the same project.'),
    direction: required(direction, 'IN is towards the VM, OUT is from it.'),
    vlan_filter: {
      ...{ post: true, put: false, default: null, type: vlanFilter },
      about: 'VLAN ids and ranges by comma; null for all traffic.',
    },
    filter_rules: {
      ...{ post: true, put: true, default: [], type: filterRules, sortable: false },
      about:
        'Rules tried in order; the first that matches a packet decides whether it is copied, and what none matches is not. ' +
        'Without rules everything is copied. Can be changed.',
    },
    ...optionAttributes,
    ...tappingAttributes,
  },
  portAttribute: 'source_port',
  portOf: ({ source_port }) => source_port,
  shown: (record, status) => ({
    id: record.id,
    tenant_id: record.project_id,
    tap_service_id: record.tap_service_id,
    name: record.name,
    description: record.description,
    source_port: record.source_port,
    direction: record.direction,
    status: status.status,
    vlan_filter: record.vlan_filter,
    project_id: record.project_id,
    filter_rules: shownRules(record.filter_rules ?? [], record.filter_rules_given),
    ...shownOptions(record),
    ...shownTapping(record, status),
  }),
  status: (record, reader) => reader.flow(record),
  serviceOf: ({ deleting, tap_service_id }) => (deleting ? null : tap_service_id),
  audited: ({ direction, vlan_filter, filter_rules, tap_service_id, capture }, view) => ({
    ...(capture === undefined ? {} : { capture_id: capture }),
    direction,
    filtered: vlan_filter !== null || (filter_rules ?? []).length > 0,
    tap_service_id,
    collector_port_id: view.services.get(tap_service_id)?.record?.port_id ?? null,
  }),
  tapping: ({ tap_service_id, direction, capture }, view) => {
    if (capture !== undefined) return { kind: 'tap_flow', direction, destination: { capture_id: capture } };
    const collector = view.services.get(tap_service_id)?.record?.port_id ?? null;
    return { kind: 'tap_flow', direction, destination: { tap_service_id, port_id: collector } };
  },
  admit: admitFlows,
  removeAtOnce: removeUnpublishedFlow,
  removeMarked: async (_deps, _id, revision) => revision,
};
