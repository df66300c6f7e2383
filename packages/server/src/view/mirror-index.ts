import type { TapMirrorRecord } from '@taas/model';
import type { Entry } from './entry.js';
import { Groups } from './groups.js';

/** Tap mirrors, found by id, by port and by project. */
export class MirrorIndex {
  readonly byId = new Map<string, Entry<TapMirrorRecord>>();
  readonly byPort = new Groups<string, string>();
  readonly byProject = new Groups<string, string>();

  set(id: string, entry: Entry<TapMirrorRecord> | undefined): void {
    const old = this.byId.get(id)?.record;
    if (old) {
      this.byPort.remove(old.port_id, id);
      this.byProject.remove(old.project_id, id);
    }
    if (!entry) {
      this.byId.delete(id);
      return;
    }
    this.byId.set(id, entry);
    if (!entry.record) return;
    this.byPort.add(entry.record.port_id, id);
    this.byProject.add(entry.record.project_id, id);
  }
}
