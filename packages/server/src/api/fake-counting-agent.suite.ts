import {
  keys,
  parseKey,
  prefixes,
  type ResourceKind,
  type StageCount,
  type StatisticsRecord,
  statisticsCapability,
  statisticsCodec,
} from '@taas/model';
import type { TestCloud } from '../test-cloud.suite.js';

export const stage = (
  of: StageCount['stage'],
  packets: bigint,
  direction: StageCount['direction'] = 'BOTH',
): StageCount => ({
  ...{ stage: of, direction, packets: `${packets}`, bytes: `${packets * 100n}` },
});

/** An agent that counts: it answers each request for statistics as a node's agent does, with figures that the test sets. */
export class FakeCountingAgent {
  /** By kind and id; what is not here is not answered. */
  readonly figures = new Map<string, Partial<StatisticsRecord>>();
  /** Requests that were written, each time. */
  requests = 0;
  /** Requests that have gone. */
  ended = 0;
  readonly #stop = new AbortController();
  #following: Promise<void> | undefined;

  constructor(
    private readonly cloud: TestCloud,
    readonly node: string,
  ) {}

  async start(): Promise<this> {
    await this.cloud.agent(this.node, { capabilities: [statisticsCapability] });
    this.#following = this.#follow();
    return this;
  }

  set(kind: ResourceKind, id: string, stages: readonly StageCount[], more: Partial<StatisticsRecord> = {}): void {
    this.figures.set(`${kind}/${id}`, { stages: [...stages], ...more });
  }

  async write(kind: ResourceKind, id: string): Promise<void> {
    const known = this.figures.get(`${kind}/${id}`);
    if (!known) return;
    const now = Date.now();
    const record: StatisticsRecord = {
      v: 1,
      id,
      since: now - 60_000,
      at: now,
      stages: [],
      gaps: [],
      final: false,
      ...known,
    };
    await this.cloud.put(keys.statistics(this.node, kind, id), statisticsCodec.format(record));
  }

  async #follow(): Promise<void> {
    const prefix = `${prefixes.nodeTaas(this.node)}statistics/`;
    for await (const event of this.cloud.store.follow([prefix], this.#stop.signal)) {
      if (event.kind !== 'changes') continue;
      for (const change of event.changes) {
        if (change.kind === 'delete') {
          this.ended += 1;
          continue;
        }
        const parsed = parseKey(change.entry.key);
        if (parsed.is !== 'statistics-request') throw new Error(`a strange key: ${change.entry.key}`);
        this.requests += 1;
        await this.write(parsed.kind, parsed.id);
      }
    }
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#following;
  }
}
