import { keys, type TapServiceRecord, tapServiceCodec } from '@taas/model';
import type { Caller } from '../../auth/authenticator.js';
import type { Admission } from '../admission/admission.js';
import { Draft } from '../admission/draft.js';

/**
 * Writes tap services, all or none.
 * @returns the revision of the transaction
 * @throws NeutronError; an error of the port directory
 */
export async function admitServices(
  admission: Admission,
  records: readonly TapServiceRecord[],
  caller: Caller,
  given: ReadonlySet<string> = new Set(),
): Promise<number> {
  const ports = admission.portChecks(caller);
  for (const { port_id, project_id } of records) if (port_id !== undefined) await ports(port_id, project_id);
  return admission.commit('tap_services', records, given, async (seen) => {
    const draft = new Draft();
    for (const record of records) {
      const { port_id, receiver } = record;
      if (port_id !== undefined) await admission.claim(draft, seen, port_id, 'collector', caller, record);
      draft.put(keys.resource('tap_services', record.id), tapServiceCodec.format(record), receiver?.lease);
    }
    return draft;
  });
}
