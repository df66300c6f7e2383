import { RecordError } from '@taas/model';
import type { PortBinding } from './entry.js';

/**
 * Reads networking-vpp's record at `nodes/<node>/ports/<port>` (mac_address, physnet, network_type, ... ), of which only
 * `mtu` matters here, and `project_id`, an addition that networking-vpp itself does not write.
 * @throws RecordError when the value is no JSON object
 */
export function parsePortBinding(key: string, value: string): PortBinding {
  let json: unknown;
  try {
    json = JSON.parse(value);
  } catch (cause) {
    throw new RecordError(key, 'is not JSON', { cause });
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    throw new RecordError(key, 'is not a JSON object');
  const { project_id: project, mtu } = json as { project_id?: unknown; mtu?: unknown };
  return {
    projectId: typeof project === 'string' && project !== '' ? project : null,
    mtu: typeof mtu === 'number' && Number.isInteger(mtu) && mtu > 0 ? mtu : null,
  };
}
