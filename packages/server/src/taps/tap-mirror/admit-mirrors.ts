import { keys, mirrorTransports, RecordError, type TapMirrorRecord, tapMirrorCodec, tunnelIdCodec } from '@taas/model';
import type { Caller } from '../../auth/authenticator.js';
import { whyUnable } from '../../compiler/node-abilities.js';
import { type NeutronError, tunnelConflict, unavailable } from '../../errors/neutron-error.js';
import type { Admission } from '../admission/admission.js';
import { Draft, type StoredValue } from '../admission/draft.js';
import { tunnelLingers } from '../admission/lingering.js';
import { invalidInput } from '../attributes.js';

/** Writes tap mirrors, all or none. @param given as {@link Admission.commit} has it @returns the revision @throws NeutronError; an error of the port directory */
export async function admitMirrors(
  admission: Admission,
  records: readonly TapMirrorRecord[],
  caller: Caller,
  given: ReadonlySet<string> = new Set(),
): Promise<number> {
  for (const record of records) {
    checkTunnel(admission, record);
    checkNode(admission, record);
  }
  const ports = admission.portChecks(caller);
  for (const record of records) await ports(record.port_id, record.project_id);
  return admission.commit('tap_mirrors', records, given, async (seen) => {
    const draft = new Draft();
    for (const record of records) {
      for (const id of new Set(Object.values(record.directions))) {
        const key = keys.tunnelId(record.project_id, id);
        const held = seen.keys.get(key);
        if (held) throw await tunnelHeld(admission, id, held);
        if (draft.writes(key) || tunnelTaken(admission, id, caller)) throw tunnelConflict(id);
        draft.compare(key, { kind: 'absent', key });
        draft.put(key, tunnelIdCodec.format({ v: 1, tap_mirror_id: record.id }));
      }
      await admission.claim(draft, seen, record.port_id, 'source', caller, record);
      draft.put(keys.resource('tap_mirrors', record.id), tapMirrorCodec.format(record));
    }
    return draft;
  });
}

/** Whether a mirror of another project that the caller sees has the tunnel id; each project has its own keys. */
function tunnelTaken(admission: Admission, id: number, caller: Caller): boolean {
  if (!caller.seesAllProjects) return false;
  const { byId, byTunnelId } = admission.deps.live.view.mirrors;
  // One that is being deleted keeps its id by its own project's key.
  return byTunnelId.get(id).some((mirror) => byId.get(mirror)?.record?.deleting !== true);
}

/** Why a tunnel id cannot be had: a mirror has it, or one that is being deleted has not given it back yet. */
async function tunnelHeld(admission: Admission, id: number, held: NonNullable<StoredValue>): Promise<NeutronError> {
  let mirror: string;
  try {
    mirror = tunnelIdCodec.parse(held.key, held.value).tap_mirror_id;
  } catch (error) {
    if (error instanceof RecordError) return tunnelConflict(id);
    throw error;
  }
  if (!(await admission.leaves('tap_mirrors', mirror))) return tunnelConflict(id);
  return tunnelLingers(id, (view) => view.mirrors.holderOf(held.key) !== mirror);
}

/** What the node of the port cannot do is refused at once; where a port is not bound, or moves later, its status says so. */
function checkNode({ deps }: Admission, { port_id: port, mirror_type: type }: TapMirrorRecord): void {
  const { view } = deps.live;
  const place = view.places.of(port);
  const unable = place.is === 'bound' ? whyUnable(view, place.node, type) : null;
  if (unable !== null) throw invalidInput('mirror_type', unable);
}

function checkTunnel(
  admission: Admission,
  { mirror_type: type, directions, remote_ip: address }: TapMirrorRecord,
): void {
  const { smallestId: lowest, largestId: highest } = mirrorTransports[type];
  for (const id of Object.values(directions)) {
    if (id >= lowest && id <= highest) continue;
    throw invalidInput(
      'directions',
      `'${id}' is not a tunnel id of a ${type} mirror: those are ${lowest} to ${highest}`,
    );
  }
  const verdict = admission.deps.remoteAddresses.judge(address, admission.deps.live.view.underlay);
  if (verdict.is === 'refused') throw invalidInput('remote_ip', verdict.reason);
  if (verdict.is === 'unknown') throw unavailable(`Tap mirrors cannot be made: ${verdict.reason}.`);
}
