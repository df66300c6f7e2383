import type { TapServiceRecord } from '@taas/model';
import { uuid, wish } from '../attribute-type.js';
import { commonAttributes, required, shownStatus, statusAttributes, termAttributes } from '../attributes.js';
import type { TapKind } from '../tap-kind.js';
import { shownTerms } from '../terms/shown-terms.js';
import { admitServices } from './admit-services.js';
import { removeUnpublishedAtOnce, removeUnpublishedService } from './unpublished-service.js';

/** A port that receives copies. */
export const tapService: TapKind<TapServiceRecord> = {
  kind: 'tap_services',
  attributes: {
    ...commonAttributes,
    port_id: required(uuid, 'The collector: a Neutron port of the same project.'),
    receipts: {
      ...{ post: true, put: true, default: false, type: wish, sortable: false },
      about:
        'Whether a server sends the collector a frame once a second that says how much it should have been given, so that it can tell ' +
        'what it has missed. Can be changed.',
    },
    ...termAttributes,
    ...statusAttributes,
  },
  portAttribute: 'port_id',
  portOf: ({ port_id }) => port_id ?? null,
  shown: (record, status) => ({
    id: record.id,
    tenant_id: record.project_id,
    name: record.name,
    description: record.description,
    port_id: record.port_id,
    status: status.status,
    project_id: record.project_id,
    receipts: record.receipts === true,
    ...shownTerms(record),
    ...shownStatus(status),
  }),
  status: (record, reader) => reader.service(record),
  serviceOf: ({ deleting, id }) => (deleting ? null : id),
  audited: ({ capture }) => (capture === undefined ? {} : { capture_id: capture }),
  tapping: () => null,
  admit: admitServices,
  removeAtOnce: async (deps, { id }, revision, attempt) =>
    (attempt === 0 ? await removeUnpublishedAtOnce(deps, id, revision) : null) ?? 'mark',
  removeMarked: removeUnpublishedService,
};
