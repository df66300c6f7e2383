import { type AuditEntry, auditCodec, keys, type ResourceKind } from '@taas/model';
import type { Clock, Logger } from '@taas/service';
import { type Compare, type Leadership, type Operation, type Store, StoreError } from '@taas/store';
import { shelf, statusOf, type TapRecord } from '../api/tap-kind.js';
import type { Contained } from '../contained.js';
import type { StatusReader } from '../status/tap-status.js';
import type { Entry } from '../view/entry.js';
import type { LiveView } from '../view/live-view.js';
import type { Touched } from '../view/touched.js';
import { tapOf } from './audit-entries.js';
import type { AuditLog } from './audit-log.js';

export interface BeganLogDeps {
  readonly store: Store;
  readonly live: LiveView;
  readonly log: AuditLog;
  readonly statuses: StatusReader;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly contained: Contained;
}

interface Begins {
  readonly key: string;
  readonly entry: Entry<TapRecord>;
  readonly value: string;
}

const perTransaction = 30;
const stretchMs = 10;
const pauseMs = 200;

/**
 * What the leader adds to the audit trail when a tap is ACTIVE for the first time: from then on copies are made. Once a
 * tap, since the entry's key is the tap's.
 */
export class BeganLog {
  /** Taps to look at; no more than there are. */
  readonly #pending = new Set<string>();

  constructor(private readonly deps: BeganLogDeps) {}

  /** To be told of each event, once the view has it. */
  take({ services, mirrors, turns }: Touched): void {
    for (const id of services) this.#service(id);
    for (const id of mirrors) this.#add('tap_mirrors', id);
    for (const { kind, id, stands } of turns) {
      if (!stands) continue;
      if (kind === 'tap_services') this.#service(id);
      else this.#add(kind, id);
    }
  }

  async lead({ signal, fence }: Leadership): Promise<void> {
    const { clock, live, log, logger } = this.deps;
    while (!signal.aborted) {
      await clock.sleep(pauseMs, signal).catch(() => undefined);
      if (this.#pending.size === 0 || !live.fresh || !log.fresh) continue;
      try {
        await this.#round(fence, signal);
      } catch (error) {
        if (signal.aborted) return;
        if (!(error instanceof StoreError)) throw error;
        logger.warn({ cause: error }, 'when taps began is told to the audit trail later');
      }
    }
  }

  #service(id: string): void {
    this.#add('tap_services', id);
    for (const flow of this.deps.live.view.flowsByService.get(id)) this.#add('tap_flows', flow);
  }

  #add(kind: ResourceKind, id: string): void {
    if (!this.deps.log.has(keys.auditBegan(kind, id))) this.#pending.add(`${kind}/${id}`);
  }

  async #round(fence: Compare, signal: AbortSignal): Promise<void> {
    const { clock } = this.deps;
    let since = clock.monotonic();
    let begins: Begins[] = [];
    for (const name of [...this.#pending]) {
      this.#pending.delete(name);
      const [kind, id = ''] = name.split('/') as [ResourceKind, string];
      const begun = this.deps.contained.attempt(name, () => this.#begins(kind, id), null);
      if (begun) begins.push(begun);
      if (begins.length >= perTransaction) await this.#write(begins.splice(0), fence, signal);
      if (clock.monotonic() - since < stretchMs) continue;
      await clock.sleep(0, signal);
      since = clock.monotonic();
    }
    if (begins.length > 0) await this.#write(begins, fence, signal);
    begins = [];
  }

  /** The entry of a tap that is ACTIVE and has none. */
  #begins(kind: ResourceKind, id: string): Begins | null {
    const { live, log, statuses, clock } = this.deps;
    const entry = shelf(live.view, kind).byId.get(id);
    const key = keys.auditBegan(kind, id);
    if (!entry?.record || entry.record.deleting || log.has(key)) return null;
    if (statusOf(entry.record, statuses).status !== 'ACTIVE') return null;
    const said: AuditEntry = {
      ...{ event: 'began', at: clock.now(), user_id: null, project_id: null, request_id: null },
      ...{ tap: tapOf(live.view, entry.record), detail: 'every node concerned has verified its part' },
    };
    return { key, entry, value: auditCodec.format({ v: 1, entries: [said] }) };
  }

  async #write(begins: readonly Begins[], fence: Compare, signal: AbortSignal): Promise<void> {
    const compare: Compare[] = [fence];
    const operations: Operation[] = [];
    for (const { key, entry, value } of begins) {
      compare.push({ kind: 'absent', key }, { kind: 'mod-revision', key: entry.key, revision: entry.revision });
      operations.push({ kind: 'put', key, value });
    }
    const result = await this.deps.store.transact({ compare, operations }, { signal });
    if (result.succeeded || begins.length === 1) return;
    // One of them has changed or begun meanwhile: it alone is left out.
    for (const each of begins) await this.#write([each], fence, signal);
  }
}
