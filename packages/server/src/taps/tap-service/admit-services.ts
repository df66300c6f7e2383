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
): Promise<number> {
  const ports = admission.portChecks(caller);
  for (const record of records) await ports(record.port_id, record.project_id);
  return admission.commit('tap_services', records, async (seen) => {
    const draft = new Draft();
    for (const record of records) {
      await admission.claim(draft, seen, record.port_id, 'collector', caller, record);
      draft.put(keys.resource('tap_services', record.id), tapServiceCodec.format(record));
    }
    return draft;
  });
}
