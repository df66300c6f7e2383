import { type ParsedKey, parseKey, prefixes, root } from '@taas/model';
import { type Clock, silentLogger } from '@taas/service';
import type { Change } from '@taas/store';
import { EtcdCalls, resolveEtcdOptions, watchEtcd } from '@taas/store/testing/suites';

/** The audit trail is bounded by itself; that taps have begun is written into it when there is time. */
type Kind = ParsedKey['is'] | 'audit' | 'audit-began';

/** Writes of one kind of key, their bytes (keys and values), and by how many keys there are more. */
export interface Traffic {
  readonly writes: number;
  readonly bytes: number;
  readonly more: number;
}

/**
 * Watches all that is written below our root, without keeping it: when a node was first told of a flow, and how much is written of
 * each kind of key.
 */
export class EtcdWatch {
  readonly #told = new Map<string, number>();
  /** By node and flow: the last time. */
  readonly #toldOn = new Map<string, number>();
  readonly #untold = new Map<string, number>();
  readonly #waiting = new Map<string, () => void>();
  readonly traffic = new Map<Kind, { writes: number; bytes: number; more: number }>();
  /** The last revision that was seen. */
  revision = 0;
  /** Records that nodes have been given. */
  published = 0;

  constructor(
    private readonly endpoints: readonly string[],
    private readonly clock: Clock,
  ) {}

  /** Watches until the signal aborts, beginning again where it was when a member goes. */
  async run(from: number, signal: AbortSignal): Promise<void> {
    const { clock } = this;
    this.revision = from;
    while (!signal.aborted) {
      const options = { endpoints: this.endpoints, clock, logger: silentLogger, random: Math.random };
      const calls = new EtcdCalls(resolveEtcdOptions(options));
      const task = { prefixes: [`${root}/`], from: this.revision + 1, signal };
      await watchEtcd(calls, {
        ...{ ...task, onReady: () => undefined },
        onChanges: ({ revision, changes }) => {
          for (const change of changes) this.#take(change);
          this.revision = revision;
          return true;
        },
      }).catch(() => undefined);
      calls.close();
      await clock.sleep(100, signal).catch(() => undefined);
    }
  }

  /** When a node was told of the flow, monotonic in ms; undefined: not yet. */
  toldAt(flow: string): number | undefined {
    return this.#told.get(flow);
  }

  /** When this node was last told of the flow, likewise. */
  toldOn(node: string, flow: string): number | undefined {
    return this.#toldOn.get(`${node}/${flow}`);
  }

  /** When a node was told to take it away, likewise. */
  untoldAt(flow: string): number | undefined {
    return this.#untold.get(flow);
  }

  /** @returns when a node was told of the flow, monotonic in ms @throws Error after `timeoutMs` */
  async told(flow: string, timeoutMs: number): Promise<number> {
    const before = this.#told.get(flow);
    if (before !== undefined) return before;
    const heard = new AbortController();
    this.#waiting.set(flow, () => heard.abort(new Error('told')));
    await this.clock.sleep(timeoutMs, heard.signal).catch(() => undefined);
    this.#waiting.delete(flow);
    const at = this.#told.get(flow);
    if (at === undefined) throw new Error(`no node was told of flow ${flow} within ${timeoutMs} ms`);
    return at;
  }

  /** What was written since, without what is written though nothing changes: heartbeats. */
  changesSince(before: ReadonlyMap<string, Traffic>): Traffic {
    const sum = { writes: 0, bytes: 0, more: 0 };
    for (const [is, { writes, bytes, more }] of this.traffic) {
      if (is === 'heartbeat' || is === 'leader-heartbeat') continue;
      sum.writes += writes - (before.get(is)?.writes ?? 0);
      sum.bytes += bytes - (before.get(is)?.bytes ?? 0);
      if (is !== 'audit' && is !== 'audit-began') sum.more += more - (before.get(is)?.more ?? 0);
    }
    return sum;
  }

  /** The same by kind of key, for a change: what was written most comes first. */
  kindsSince(before: ReadonlyMap<string, Traffic>, changes: number): string {
    const kinds = [...this.traffic].map(([is, { writes }]) => ({ is, writes: writes - (before.get(is)?.writes ?? 0) }));
    return kinds
      .filter(({ writes }) => writes > 0)
      .sort((a, b) => b.writes - a.writes)
      .map(({ is, writes }) => `${is} ${(writes / changes).toFixed(1)}`)
      .join(', ');
  }

  counted(): ReadonlyMap<string, Traffic> {
    return new Map([...this.traffic].map(([is, traffic]) => [is, { ...traffic }]));
  }

  #take(change: Change): void {
    const key = change.kind === 'put' ? change.entry.key : change.key;
    const parsed = parseKey(key);
    const kind = kindOf(parsed, key);
    const traffic = this.traffic.get(kind) ?? { writes: 0, bytes: 0, more: 0 };
    traffic.writes += 1;
    traffic.bytes += key.length + (change.kind === 'put' ? change.entry.value.length : 0);
    const isNew = change.kind === 'put' && change.entry.createRevision === change.entry.modRevision;
    traffic.more += isNew ? 1 : change.kind === 'delete' ? -1 : 0;
    this.traffic.set(kind, traffic);
    if (parsed.is !== 'node-resource') return;
    const goes = change.kind === 'delete' || change.entry.value.includes('"removed":true');
    if (isNew) this.published += 1;
    if (change.kind === 'delete') this.published -= 1;
    if (parsed.kind !== 'tap_flows') return;
    const at = this.clock.monotonic();
    if (!goes) this.#toldOn.set(`${parsed.node}/${parsed.id}`, at);
    if (goes && !this.#untold.has(parsed.id)) this.#untold.set(parsed.id, at);
    if (goes || this.#told.has(parsed.id)) return;
    this.#told.set(parsed.id, at);
    this.#waiting.get(parsed.id)?.();
  }
}

function kindOf({ is }: ParsedKey, key: string): Kind {
  if (is !== 'other' || !key.startsWith(prefixes.auditEntries)) return is;
  return key.startsWith('began.', prefixes.auditEntries.length) ? 'audit-began' : 'audit';
}
