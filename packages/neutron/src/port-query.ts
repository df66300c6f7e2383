import { portFields } from './port.js';

const fields = portFields.map((field) => `fields=${encodeURIComponent(field)}`).join('&');
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** What is no UUID is no port's id, and must not get into a URL. */
export function isPortId(id: string): boolean {
  return uuid.test(id);
}

export function portPath(id: string): string {
  return `/v2.0/ports/${id}?${fields}`;
}

export interface PortQuery {
  readonly ids?: readonly string[];
  readonly hosts?: readonly string[];
  readonly project?: string;
  readonly limit?: number;
  readonly marker?: string;
}

export function portsPath({ ids = [], hosts = [], project, limit, marker }: PortQuery): string {
  return `/v2.0/ports?${[
    fields,
    ...ids.map((id) => `id=${id}`),
    ...hosts.map((host) => `binding:host_id=${encodeURIComponent(host)}`),
    ...(project === undefined ? [] : [`project_id=${encodeURIComponent(project)}`]),
    ...(limit === undefined ? [] : [`limit=${limit}`]),
    ...(marker === undefined ? [] : [`marker=${encodeURIComponent(marker)}`]),
  ].join('&')}`;
}

/**
 * Splits ids so that no request's path, a marker included, is longer than `maxBytes`. (uWSGI's default takes 4096 bytes
 * of request line and headers together, Neutron's own server 8192.)
 */
export function batchesOfIds(ids: readonly string[], maxBytes: number): string[][] {
  const marker = 'marker='.length + 37;
  const perId = 'id='.length + 37;
  const size = Math.max(1, Math.floor((maxBytes - portsPath({}).length - marker) / perId));
  return Array.from({ length: Math.ceil(ids.length / size) }, (_, n) => ids.slice(n * size, (n + 1) * size));
}
