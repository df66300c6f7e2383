import { type Kind, kinds, type Tap, textOf } from '../api/kinds.js';
import type { Column } from '../output/format.js';
import { listedFlowOptions } from './flow-options.js';

const attribute = (name: string, wide = false): Column<Tap> => ({ name, of: (tap) => textOf(tap, name), wide });

const state = [attribute('status'), attribute('status_code')];
const terms = [attribute('expires_at', true), attribute('reason', true)];
const agreed = [...terms, attribute('consent', true), attribute('agreed_by', true)];
const behind = [attribute('project_id', true), attribute('description', true), attribute('status_reason', true)];

/** Columns of a list, by what is listed. A column is never renamed or moved; new ones come last. */
export const columns: Readonly<Record<Kind | 'all', readonly Column<Tap>[]>> = {
  all: [attribute('id'), { name: 'kind', of: ({ kind }) => kind }, attribute('name'), ...state, ...behind, ...terms],
  service: [
    attribute('id'),
    attribute('name'),
    attribute('port_id'),
    ...state,
    ...behind,
    ...terms,
    attribute('receipts', true),
  ],
  flow: [
    ...[
      attribute('id'),
      attribute('name'),
      attribute('source_port'),
      attribute('direction'),
      attribute('tap_service_id'),
    ],
    ...[
      ...state,
      ...behind,
      attribute('vlan_filter', true),
      attribute('filter_rules', true),
      ...listedFlowOptions.map((option) => attribute(option.attribute, true)),
      ...agreed,
    ],
  ],
  mirror: [
    ...[attribute('id'), attribute('name'), attribute('port_id'), attribute('mirror_type'), attribute('remote_ip')],
    ...[attribute('directions'), ...state, ...behind, ...agreed],
  ],
};

/** A tap for programs: what the API says, and of which kind it is. */
export const wholeTap = (tap: Tap) => ({ kind: kinds[tap.kind].resource, ...tap.attributes });
