import { create } from '@bufbuild/protobuf';
import { inSlices, type Sliced } from '@taas/service';
import type { ChangeBatch } from './change-queue.js';
import type { EtcdCalls } from './etcd-calls.js';
import { prefixRange, readChange } from './etcd-wire.js';
import { type WatchRequest, WatchRequestSchema } from './generated/etcd_pb.js';
import { RequestStream } from './request-stream.js';
import type { Change, Revision } from './store.js';
import { StoreError } from './store-error.js';
import { WatchAssembler } from './watch-assembler.js';

/** So many events are read before others may have their turn: a fraction of a millisecond. */
const batch = 32;

export interface WatchTask {
  readonly prefixes: readonly string[];
  /** The first revision to hear of. */
  readonly from: Revision;
  readonly signal: AbortSignal;
  /** All watches are set up. */
  onReady(): void;
  /** Whole revisions of one prefix; false ends the watch. */
  onChanges(batch: ChangeBatch): boolean;
}

/**
 * Watches prefixes over one stream, one watch each. Ends by throwing, or when `onChanges` has had enough.
 * @throws StoreError when the stream broke, was cancelled, or fell silent; the signal's reason.
 */
export function watchEtcd(calls: EtcdCalls, task: WatchTask): Promise<void> {
  return calls.stream(task.signal, async (endpoint, options) => {
    const requests = new RequestStream<WatchRequest>();
    const assemblers = task.prefixes.map((prefix, index) => {
      requests.push(createRequest(prefix, index + 1, task.from));
      return new WatchAssembler(task.from);
    });
    const silence = new AbortController();
    const onAbort = () => silence.abort(options.signal.reason);
    options.signal.addEventListener('abort', onAbort, { once: true });
    const pulse = new Pulse(calls, () => requests.push(progressRequest()), silence);
    try {
      // With "hasleader" a server that loses its leader cancels the watch instead of leaving it without news.
      const headers = { ...options.headers, hasleader: 'true' };
      let missing = assemblers.length;
      for await (const response of endpoint.watch.watch(requests, { ...options, headers, signal: silence.signal })) {
        pulse.heard();
        // An answer to a progress request belongs to no watch: its id is -1 and there is no assembler of that number.
        const assembler = assemblers[Number(response.watchId) - 1];
        // A watch that has fallen behind is told thousands of events at once: others have their turn meanwhile.
        const whole = assembler?.accept(response, await inSlices(reading(response.events), calls.settings.clock));
        if (response.created && --missing === 0) {
          pulse.ready();
          task.onReady();
        }
        if (whole !== undefined && !task.onChanges(whole)) return;
      }
      throw new StoreError('unavailable', `etcd at ${endpoint.url} ended the watch`);
    } catch (error) {
      throw silence.signal.aborted ? silence.signal.reason : error;
    } finally {
      options.signal.removeEventListener('abort', onAbort);
      requests.end();
      silence.abort(new StoreError('closed', 'the watch is over'));
    }
  });
}

function* reading(events: readonly Uint8Array[]): Sliced<Change[]> {
  const changes: Change[] = [];
  for (const bytes of events) {
    changes.push(readChange(bytes));
    if (changes.length % batch === 0) yield;
  }
  return changes;
}

/** Watches over the stream: asks for a sign of life when it is silent, and gives it up when none comes. */
class Pulse {
  #last: number;
  #ready = false;

  constructor(
    private readonly calls: EtcdCalls,
    private readonly ask: () => void,
    private readonly silence: AbortController,
  ) {
    this.#last = calls.settings.clock.monotonic();
    this.#run().catch((error: unknown) => silence.abort(error));
  }

  heard(): void {
    this.#last = this.calls.settings.clock.monotonic();
  }

  ready(): void {
    this.#ready = true;
  }

  async #run(): Promise<never> {
    const { clock, watchSilenceMs, requestTimeoutMs } = this.calls.settings;
    // Until the watches are set up there is nothing to ask about: they are there in time, or the server is not.
    await clock.sleep(requestTimeoutMs, this.silence.signal);
    if (!this.#ready) throw new StoreError('unavailable', 'etcd did not set up the watch in time');
    for (;;) {
      const before = this.#last;
      const quiet = clock.monotonic() - before;
      if (quiet < watchSilenceMs) {
        await clock.sleep(watchSilenceMs - quiet, this.silence.signal);
        continue;
      }
      this.ask();
      await clock.sleep(watchSilenceMs, this.silence.signal);
      if (this.#last === before) throw new StoreError('unavailable', 'the watch has fallen silent');
    }
  }
}

function createRequest(prefix: string, id: number, from: Revision): WatchRequest {
  const value = { ...prefixRange(prefix), startRevision: BigInt(from), watchId: BigInt(id), fragment: true };
  return create(WatchRequestSchema, { requestUnion: { case: 'createRequest', value } });
}

function progressRequest(): WatchRequest {
  return create(WatchRequestSchema, { requestUnion: { case: 'progressRequest', value: {} } });
}
