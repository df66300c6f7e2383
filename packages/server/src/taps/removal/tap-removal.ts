import type { ResourceKind } from '@taas/model';
import type { Access } from '../../auth/access.js';
import type { Caller } from '../../auth/authenticator.js';
import { tooContended } from '../../errors/neutron-error.js';
import type { OwnWrites } from '../../view/own-writes.js';
import { tapKinds } from '../tap-kinds.js';
import type { TapRecords } from '../tap-records.js';
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

  /**
   * Accepts that a tap is to go. One that no node has been told of goes at once; otherwise it is marked, and goes when
   * the nodes have confirmed. A second time changes nothing.
   * @throws NeutronError
   */
  async remove(kind: ResourceKind, id: string, caller: Caller): Promise<void> {
    const { records, access, writes } = this.deps;
    const { removeAtOnce, removeMarked } = tapKinds[kind];
    for (let attempt = 0; attempt < attempts; attempt++) {
      // What is written is compared with what was seen, so the view will do, until it has turned out to be behind.
      const found = (attempt === 0 ? records.inView(kind, id, caller) : null) ?? (await records.find(kind, id, caller));
      access.mayChange('delete', kind, found.record, caller);
      if (found.record.deleting) return;
      const gone = await removeAtOnce(this.deps, found.record, found.revision, attempt);
      if (typeof gone === 'number') {
        writes.note(gone);
        return;
      }
      if (gone === 'again') continue;
      const marked = await records.replace(kind, found, { ...found.record, deleting: true });
      if (marked === null) continue;
      writes.note(await removeMarked(this.deps, id, marked));
      return;
    }
    throw tooContended();
  }
}
