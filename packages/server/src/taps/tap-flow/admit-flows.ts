import {
  keys,
  RecordError,
  type TapFlowRecord,
  type TapServiceRecord,
  tapFlowCodec,
  tapServiceCodec,
} from '@taas/model';
import type { Caller } from '../../auth/authenticator.js';
import {
  serviceBeingDeleted,
  serviceNotOwned,
  sourceIsOwnPort,
  tapNotFound,
  unreadable,
} from '../../errors/neutron-error.js';
import type { Admission } from '../admission/admission.js';
import { Draft, Seen } from '../admission/draft.js';

/** Writes tap flows, all or none. @param given as {@link Admission.commit} has it @returns the revision @throws NeutronError; an error of the port directory */
export async function admitFlows(
  admission: Admission,
  records: readonly TapFlowRecord[],
  caller: Caller,
  given: ReadonlySet<string> = new Set(),
): Promise<number> {
  const ports = admission.portChecks(caller);
  for (const record of records) {
    await serviceOf(admission, new Seen(), record, caller);
    await ports(record.source_port, record.project_id);
  }
  return admission.commit('tap_flows', records, given, async (seen) => {
    const draft = new Draft();
    for (const record of records) {
      const service = await serviceOf(admission, seen, record, caller);
      if (record.source_port === service.record.port_id) {
        throw sourceIsOwnPort(record.source_port, record.tap_service_id);
      }
      const key = keys.resource('tap_services', record.tap_service_id);
      draft.compare(key, { kind: 'mod-revision', key, revision: service.revision });
      await admission.claim(draft, seen, record.source_port, 'source', caller, record);
      // Written anew, so that whoever deletes the tap service at once sees that it has a flow more.
      const { port_id: collector, receiver } = service.record;
      if (collector !== undefined) await admission.claim(draft, seen, collector, 'collector', caller);
      draft.put(keys.resource('tap_flows', record.id), tapFlowCodec.format(record), receiver?.lease);
    }
    return draft;
  });
}

/** A tap service as last seen, to be compared in the transaction. */
interface SeenService {
  readonly revision: number;
  readonly record: TapServiceRecord;
}

async function serviceOf(admission: Admission, seen: Seen, flow: TapFlowRecord, caller: Caller): Promise<SeenService> {
  const id = flow.tap_service_id;
  const service = await findService(admission, seen, id, caller);
  if (!service || (!caller.seesAllProjects && service.record.project_id !== caller.projectId)) {
    throw tapNotFound('tap_services', id);
  }
  // The tap services of captures are nobody's to use: they are not shown as such either.
  if (service.record.capture !== flow.capture) throw tapNotFound('tap_services', id);
  if (service.record.project_id !== flow.project_id) throw serviceNotOwned();
  if (service.record.deleting) throw serviceBeingDeleted(id);
  return service;
}

async function findService(
  admission: Admission,
  seen: Seen,
  id: string,
  caller: Caller,
): Promise<SeenService | undefined> {
  const key = keys.resource('tap_services', id);
  const entry = admission.deps.live.view.services.get(id);
  if (!seen.keys.has(key) && entry?.record) return { revision: entry.revision, record: entry.record };
  const current = seen.keys.has(key) ? seen.keys.get(key) : await admission.deps.store.get(key);
  if (!current) return undefined;
  try {
    return { revision: current.modRevision, record: tapServiceCodec.parse(key, current.value) };
  } catch (error) {
    if (error instanceof RecordError) throw unreadable('tap_services', id, caller, error);
    throw error;
  }
}
