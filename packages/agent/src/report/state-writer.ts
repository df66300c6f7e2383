import {
  asLine,
  type Because,
  keys,
  parseKey,
  prefixes,
  type ResourceKind,
  type TapState,
  tapStateCodec,
} from '@taas/model';
import { type Clock, inSlices, type Sliced } from '@taas/service';
import type { Operation, Store } from '@taas/store';

export interface StateEntry extends Because {
  readonly kind: ResourceKind;
  readonly id: string;
  readonly revision: number;
  readonly status: TapState['status'];
  readonly figures?: TapState['figures'];
}

/** A reason longer than this is cut: it is for people, and etcd holds one for every tap. */
const longestReason = 500;

/** States of one transaction. etcd takes four times as many; every server takes one in at once, and waits for nothing meanwhile. */
const statesAtOnce = 32;

/** Transactions in progress at a time: etcd commits one after the other, so more would only take memory. */
const parallel = 8;

/**
 * Writes how taps stand, each only when it has changed: Neutron watches this tree. Knows what stands in etcd from a list
 * at start and its own writes, since nobody else writes here.
 */
export class StateWriter {
  #written: Map<string, string> | null = null;

  constructor(
    private readonly store: Store,
    private readonly node: string,
    private readonly clock: Pick<Clock, 'monotonic'>,
    private readonly batch: number = statesAtOnce,
  ) {}

  /** What is in etcd may not be what was written last: it is listed again before the next write. */
  forget(): void {
    this.#written = null;
  }

  /** @throws StoreError; what was not written is tried again with the next call */
  async write(entries: Iterable<StateEntry>, signal: AbortSignal): Promise<number> {
    const written = await this.#load(signal);
    const operations = await inSlices(this.#changes(entries, written), this.clock);
    return this.#send(operations, written, signal);
  }

  *#changes(entries: Iterable<StateEntry>, written: ReadonlyMap<string, string>): Sliced<Operation[]> {
    const operations: Operation[] = [];
    for (const { kind, id, revision, status, code, reason, figures } of entries) {
      yield;
      const key = keys.stateResource(this.node, kind, id);
      const state = { v: 1, id, revision, status, status_code: code, reason: asLine(reason, longestReason) } as const;
      const value = tapStateCodec.format(figures ? { ...state, figures } : state);
      if (written.get(key) !== value) operations.push({ kind: 'put', key, value });
    }
    return operations;
  }

  /** Deletes the states of taps that nobody wants any more. */
  async prune(isWanted: (kind: ResourceKind, id: string) => boolean, signal: AbortSignal): Promise<number> {
    const written = await this.#load(signal);
    return this.#send(await inSlices(unwanted(written.keys(), isWanted), this.clock), written, signal);
  }

  async #load(signal: AbortSignal): Promise<Map<string, string>> {
    if (this.#written) return this.#written;
    const { entries } = await this.store.list(prefixes.stateTaas(this.node), { signal });
    this.#written = new Map(entries.map(({ key, value }) => [key, value]));
    return this.#written;
  }

  async #send(operations: readonly Operation[], written: Map<string, string>, signal: AbortSignal): Promise<number> {
    const batches: Operation[][] = [];
    for (let n = 0; n < operations.length; n += this.batch) batches.push(operations.slice(n, n + this.batch));
    const queue = batches.values();
    const worker = async (): Promise<void> => {
      for (const batch of queue) {
        await this.store.transact({ compare: [], operations: batch }, { signal });
        for (const operation of batch)
          if (operation.kind === 'put') written.set(operation.key, operation.value);
          else written.delete(operation.key);
      }
    };
    const outcomes = await Promise.allSettled(Array.from({ length: Math.min(parallel, batches.length) }, worker));
    for (const outcome of outcomes)
      if (outcome.status === 'rejected') {
        this.forget();
        throw outcome.reason;
      }
    return operations.length;
  }
}

function* unwanted(
  written: Iterable<string>,
  isWanted: (kind: ResourceKind, id: string) => boolean,
): Sliced<Operation[]> {
  const operations: Operation[] = [];
  for (const key of written) {
    yield;
    const parsed = parseKey(key);
    if (parsed.is === 'state-resource' && !isWanted(parsed.kind, parsed.id)) operations.push({ kind: 'delete', key });
  }
  return operations;
}
