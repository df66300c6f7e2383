import { agentCodec, keys, parseKey, prefixes, tapStateCodec } from '@taas/model';
import type { KeyValue, Operation, Store } from '@taas/store';

/** Writes of one transaction, as the programs do it. */
const most = 32;

/** Writes operations, some at a time. */
export async function putAll(store: Store, operations: readonly Operation[]): Promise<void> {
  for (let at = 0; at < operations.length; at += most)
    await store.transact({ compare: [], operations: operations.slice(at, at + most) });
}

/** Agents without a switch: they are there, and say at once that all is done that their nodes are told. */
export class FakeNodes {
  #answered = 0;

  constructor(private readonly store: Store) {}

  get answered(): number {
    return this.#answered;
  }

  /** Announces so many nodes, `node-0` and so on. */
  async announce(count: number): Promise<void> {
    const common = { v: 1 as const, agent_version: 'laps', vpp_version: 'laps', physnets: [], capabilities: [] };
    await putAll(
      this.store,
      Array.from({ length: count }, (_, n) => {
        const value = agentCodec.format({ ...common, node: `node-${n}`, tunnel_address: `10.0.0.${n + 1}` });
        return { kind: 'put', key: keys.agent(`node-${n}`), value };
      }),
    );
  }

  /** Answers until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    for await (const event of this.store.follow([prefixes.nodes], signal)) {
      if (event.kind === 'stale') continue;
      const entries =
        event.kind === 'snapshot'
          ? event.entries
          : event.changes.flatMap((change) => (change.kind === 'put' ? [change.entry] : []));
      await putAll(
        this.store,
        entries.flatMap((entry) => answerTo(entry)),
      );
      this.#answered += entries.length;
    }
  }
}

function answerTo({ key, value, modRevision: revision }: KeyValue): Operation[] {
  const told = parseKey(key);
  if (told.is !== 'node-resource') return [];
  const removed = (JSON.parse(value) as { readonly removed?: boolean }).removed === true;
  const state = { v: 1, id: told.id, revision, status: removed ? 'REMOVED' : 'ACTIVE', reason: '' } as const;
  const at = keys.stateResource(told.node, told.kind, told.id);
  return [{ kind: 'put', key: at, value: tapStateCodec.format(state) }];
}
