import type { ResourceKind } from '@taas/model';
import type { Access } from '../../auth/access.js';
import type { Caller } from '../../auth/authenticator.js';
import { tooContended } from '../../errors/neutron-error.js';
import type { OwnWrites } from '../../view/own-writes.js';
import { tapKinds } from '../tap-kinds.js';
import { type Found, replaceTap, type TapRecords } from '../tap-records.js';
import type { RemovalDeps } from './at-once.js';

export interface TapRemovalDeps extends RemovalDeps {
  readonly records: TapRecords;
  readonly access: Access;
  readonly writes: OwnWrites;
}

const attempts = 10;

/** Takes taps away for their users; what goes with a port stands in `port-removal.ts`, what the leader does in the plans of the compiler. */
export class TapRemoval {
  constructor(private readonly deps: TapRemovalDeps) {}

  /** @throws NeutronError */
  async remove(kind: ResourceKind, id: string, caller: Caller): Promise<void> {
    const { records, access } = this.deps;
    await removeTap(this.deps, kind, id, async (attempt) => {
      // What is written is compared with what was seen, so the view will do, until it has turned out to be behind.
      const found = (attempt === 0 ? records.inView(kind, id, caller) : null) ?? (await records.find(kind, id, caller));
      access.mayChange('delete', kind, found.record, caller);
      return found;
    });
  }
}

/**
 * Accepts that a tap is to go. One that no node has been told of goes at once; otherwise it is marked, and goes when
 * the nodes have confirmed. A second time changes nothing.
 * @param find the tap as it is now; null if it is not to go any more. Asked again if somebody else was faster.
 * @returns whether it goes @throws NeutronError 409; what `find` throws
 */
export async function removeTap(
  deps: RemovalDeps & Pick<TapRemovalDeps, 'writes'>,
  kind: ResourceKind,
  id: string,
  find: (attempt: number) => Promise<Found | null>,
): Promise<boolean> {
  const { removeAtOnce, removeMarked } = tapKinds[kind];
  for (let attempt = 0; attempt < attempts; attempt++) {
    const found = await find(attempt);
    if (!found) return false;
    if (found.record.deleting) return true;
    const gone = await removeAtOnce(deps, found.record, found.revision, attempt);
    if (typeof gone === 'number') {
      deps.writes.note(gone);
      return true;
    }
    if (gone === 'again') continue;
    const marked = await replaceTap(deps, kind, found, { ...found.record, deleting: true });
    if (marked === null) continue;
    deps.writes.note(await removeMarked(deps, id, marked));
    return true;
  }
  throw tooContended();
}
