import { RecordError } from '@taas/model';
import type { PortBinding } from './entry.js';

/**
 * Reads networking-vpp's record at `nodes/<node>/ports/<port>` (mac_address, physnet, network_type, ... ), of which only
 * `project_id` matters here, and that is an addition that networking-vpp itself does not write.
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
  const project = (json as { project_id?: unknown }).project_id;
  return { projectId: typeof project === 'string' && project !== '' ? project : null };
}
