import { mirrorTransports, type TapMirrorRecord } from '@taas/model';
import { ipAddress, mirrorType, tunnelIds, uuid } from '../attribute-type.js';
import { commonAttributes, required } from '../attributes.js';
import type { TapKind } from '../tap-kind.js';
import { shownTapping, tappingAttributes } from '../tapping-attributes.js';
import { admitMirrors } from './admit-mirrors.js';
import { removeUnpublishedMirror } from './unpublished-mirror.js';

const idNames = Object.values(mirrorTransports)
  .map(({ idName }) => idName)
  .join(' or ');

const directionsOf = ({ directions }: TapMirrorRecord): string => Object.keys(directions).join(' ');

/** Copies a port's traffic to an IP address outside. */
export const tapMirror: TapKind<TapMirrorRecord> = {
  kind: 'tap_mirrors',
  attributes: {
    ...commonAttributes,
    port_id: required(uuid, 'The Neutron port whose traffic is copied; of the same project.'),
    directions: {
      ...required(tunnelIds, `The tunnel id (${idNames}) by direction. An id is used once in a project.`),
      sortable: false,
    },
    remote_ip: required(ipAddress, 'Where the copies are sent.'),
    mirror_type: required(mirrorType, 'How they travel.'),
    ...tappingAttributes,
  },
  portAttribute: 'port_id',
  portOf: ({ port_id }) => port_id,
  // Upstream's tap mirrors have no status; clients that do not know it leave it alone.
  shown: (record, status) => ({
    id: record.id,
    project_id: record.project_id,
    name: record.name,
    description: record.description,
    port_id: record.port_id,
    directions: record.directions_given ?? record.directions,
    remote_ip: record.remote_ip,
    mirror_type: record.mirror_type,
    tenant_id: record.project_id,
    status: status.status,
    ...shownTapping(record, status),
  }),
  status: (record, reader) => reader.mirror(record),
  serviceOf: () => null,
  audited: (record) => ({
    direction: directionsOf(record),
    mirror_type: record.mirror_type,
    remote_ip: record.remote_ip,
  }),
  tapping: (record) => {
    const { mirror_type, remote_ip } = record;
    return { kind: 'tap_mirror', direction: directionsOf(record), destination: { mirror_type, remote_ip } };
  },
  admit: admitMirrors,
  removeAtOnce: async (deps, record, revision, attempt) =>
    (attempt === 0 ? await removeUnpublishedMirror(deps, record, revision) : null) ?? 'mark',
  removeMarked: async (_deps, _id, revision) => revision,
};
