import type { ResourceKind } from '@taas/model';
import type { Verdict, Wanted } from '@taas/wiring';
import { type TapIds, type TapName, tapName } from '../wanted/tap-ids.js';

/** Taps that were in place when VPP was last looked at, to tell what somebody undid from what has yet to be done. */
export class StandingTaps {
  /** With the revision of the record that they realise. */
  readonly #taps = new Map<TapName, number>();

  settle({ kind, id, revision, status }: Verdict): void {
    if (status === 'ACTIVE' || status === 'DOWN') this.#taps.set(tapName(kind, id), revision);
    else this.#taps.delete(tapName(kind, id));
  }

  /** Forgets those that nobody wants any more. */
  keep(isWanted: (kind: ResourceKind, id: string) => boolean): void {
    for (const tap of [...this.#taps.keys()]) {
      const [kind, id = ''] = tap.split('/');
      if (!isWanted(kind as ResourceKind, id)) this.#taps.delete(tap);
    }
  }

  clear(): void {
    this.#taps.clear();
  }

  /**
   * Of verdicts on what was found, those on taps that stood and do not stand now, though nobody asked for anything else.
   * @param asked taps whose records have changed since; what changes for one flow of a service may concern the others
   */
  undone(verdicts: readonly Verdict[], asked: TapIds, wanted: Wanted): Verdict[] {
    const flows = [...asked.flows].map((id) => wanted.flow(id)?.record.tap_service_id);
    // Of a flow that nobody knows any more nobody knows the service.
    if (flows.includes(undefined)) return [];
    const services = new Set<string | undefined>([...asked.services, ...flows]);
    return verdicts.filter(({ kind, id, revision, status }) => {
      if (status !== 'ERROR' || this.#taps.get(tapName(kind, id)) !== revision) return false;
      if (kind === 'tap_mirrors') return !asked.mirrors.has(id);
      return !services.has(kind === 'tap_services' ? id : wanted.flow(id)?.record.tap_service_id);
    });
  }
}
