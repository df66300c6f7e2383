import { Readable } from 'node:stream';
import { type ResourceKind, resourceKinds } from '@taas/model';
import { type Clock, onAbort } from '@taas/service';
import type { Caller } from '../auth/authenticator.js';
import { NeutronError, tooManyRequests, unavailable } from '../errors/neutron-error.js';
import type { ListQuery } from '../http/list-query.js';
import type { TapController } from '../taps/tap-controller.js';
import { type LiveView, ViewBehindError } from '../view/live-view.js';
import { shelf } from '../view/shelf.js';
import { type Change, ChangeJournal } from './change-journal.js';

export interface EventLimits {
  /** Streams at a time. */
  readonly most: number;
  /** Of which of one project. */
  readonly mostOfProject: number;
  /** How long one lasts; whoever comes again shows the token again. In ms. */
  readonly lastsMs: number;
  /** Between two events of one stream, in ms. */
  readonly pauseMs: number;
  /** Between two signs of life, in ms. */
  readonly silenceMs: number;
  /** Of one event, in characters: of more the client is told to list anew, which goes in slices. */
  readonly longest: number;
}

export const usualEventLimits: EventLimits = {
  ...{ most: 512, mostOfProject: 64, lastsMs: 60_000, pauseMs: 500, silenceMs: 15_000, longest: 262_144 },
};

export interface EventDeskDeps {
  readonly live: LiveView;
  readonly controller: Pick<TapController, 'list'>;
  /** The query for these ids of a kind. */
  readonly queryOf: (kind: ResourceKind, ids: readonly string[]) => ListQuery;
  readonly clock: Clock;
  readonly newId: () => string;
  readonly limits?: Partial<EventLimits>;
}

/** Tells clients which taps have changed, as lists would show them to the same caller. */
export class EventDesk {
  readonly #journal: ChangeJournal;
  readonly #limits: EventLimits;
  readonly #open = new Map<string, number>();
  readonly #stop = new AbortController();
  #count = 0;

  constructor(private readonly deps: EventDeskDeps) {
    this.#limits = { ...usualEventLimits, ...deps.limits };
    this.#journal = new ChangeJournal(deps.live.view, deps.newId());
    deps.live.subscribe((dirty) => this.#journal.take(dirty));
  }

  /**
   * Events as a browser's EventSource reads them.
   * @param since the id of the last event that the client has had; null for none
   * @throws NeutronError 429 for the project, 503 for the server
   */
  read(caller: Caller, since: string | null): Readable {
    if (!this.deps.live.fresh) throw unavailable('etcd cannot be seen at the moment: try again.');
    const own = this.#open.get(caller.projectId) ?? 0;
    if (own >= this.#limits.mostOfProject) throw tooManyRequests(5_000);
    if (this.#count >= this.#limits.most)
      throw unavailable('Too many clients follow events on this server: try again later.', { retryAfterMs: 5_000 });
    this.#count += 1;
    this.#open.set(caller.projectId, own + 1);
    const gone = new AbortController();
    const release = () => {
      this.#count -= 1;
      const left = (this.#open.get(caller.projectId) ?? 1) - 1;
      if (left > 0) this.#open.set(caller.projectId, left);
      else this.#open.delete(caller.projectId);
    };
    const events = this.#events(caller, since, gone.signal);
    // Not Readable.from: that waits for the next event before it lets go of a client that has gone.
    const stream: Readable = new Readable({
      highWaterMark: 1,
      read: () => {
        events.next().then(
          ({ done, value }) => void stream.push(done ? null : value),
          (cause: unknown) => stream.destroy(cause instanceof Error ? cause : new Error(String(cause))),
        );
      },
      destroy: (error, done) => {
        gone.abort(new Error('the client has gone'));
        // Its place is free when its work has ended, too: who connects and hangs up again and again would pile that up.
        void events.return(undefined).then(release, release);
        done(error);
      },
    });
    return stream;
  }

  /** Ends all streams: their clients come again. */
  stop(): void {
    this.#stop.abort(new Error('the server stops'));
  }

  async *#events(caller: Caller, since: string | null, gone: AbortSignal): AsyncGenerator<string> {
    const { clock } = this.deps;
    const { lastsMs, pauseMs, silenceMs } = this.#limits;
    const end = clock.monotonic() + lastsMs;
    const ended = () => gone.aborted || this.#stop.signal.aborted || clock.monotonic() >= end;
    let place = since ?? this.#journal.place;
    yield `retry: 2000\n\n${since === null ? event('begin', place, {}) : ''}`;
    while (!ended()) {
      const told = await this.#next(caller, place, gone);
      place = told.place;
      if (told.text !== null) yield told.text;
      const news = await this.#news(place, Math.min(silenceMs, end - clock.monotonic()), gone);
      if (!news && !ended()) yield ': still here\n\n';
      // Many changes come together: they are told together.
      if (news) await this.#pause(pauseMs, gone);
    }
  }

  async #next(
    caller: Caller,
    from: string,
    gone: AbortSignal,
  ): Promise<{ readonly place: string; readonly text: string | null }> {
    const { changes, place } = this.#journal.since(from, caller.seesAllProjects ? null : caller.projectId);
    if (changes === null) return { place, text: event('reset', place, {}) };
    if (changes.length === 0) return { place, text: null };
    try {
      const text = event('changed', place, await this.#shown(caller, changes, gone));
      return { place, text: text.length > this.#limits.longest ? event('reset', place, {}) : text };
    } catch (error) {
      // Etcd is out of sight, say: what is told when it is back is not known now.
      if (!(error instanceof NeutronError || error instanceof ViewBehindError)) throw error;
      return { place, text: event('reset', place, {}) };
    }
  }

  /** Taps as a list has them, and the ids of those that are there no more. */
  async #shown(caller: Caller, changes: readonly Change[], left: AbortSignal): Promise<object> {
    const gone: string[] = [];
    const shown: Record<string, unknown> = {};
    const over = new AbortController();
    const off = onAbort([left, this.#stop.signal], () => over.abort(new Error('the client has gone')));
    try {
      await this.#gather(caller, changes, { shown, gone }, over.signal);
    } finally {
      off();
    }
    return { ...shown, gone };
  }

  async #gather(
    caller: Caller,
    changes: readonly Change[],
    { shown, gone }: { readonly shown: Record<string, unknown>; readonly gone: string[] },
    signal: AbortSignal,
  ): Promise<void> {
    const { view } = this.deps.live;
    for (const kind of resourceKinds) {
      const ids = changes.filter((change) => change.kind === kind).map(({ id }) => id);
      const taps =
        ids.length === 0 ? [] : await this.deps.controller.list(kind, this.deps.queryOf(kind, ids), caller, signal);
      shown[kind] = taps;
      const there = new Set(taps.map(({ id }) => id));
      // One that is there and that this caller may not see is not told of: a policy may hide even its id.
      gone.push(...ids.filter((id) => !there.has(id) && !shelf(view, kind).byId.has(id)));
    }
  }

  /** Resolves with true once the journal has gone on, with false after a while or when the stream ends. */
  async #news(place: string, ms: number, gone: AbortSignal): Promise<boolean> {
    if (this.#journal.place !== place) return true;
    const come = new AbortController();
    const unsubscribe = this.#journal.subscribe(() => come.abort());
    const off = onAbort([gone, this.#stop.signal], () => come.abort());
    try {
      await this.deps.clock.sleep(Math.max(0, ms), come.signal);
    } catch {
      return !gone.aborted && !this.#stop.signal.aborted;
    } finally {
      unsubscribe();
      off();
    }
    return false;
  }

  async #pause(ms: number, gone: AbortSignal): Promise<void> {
    const over = new AbortController();
    const off = onAbort([gone, this.#stop.signal], () => over.abort());
    try {
      await this.deps.clock.sleep(ms, over.signal);
    } catch {
      // The stream ends, and whoever asks sees that.
    } finally {
      off();
    }
  }
}

const event = (name: string, place: string, data: unknown): string =>
  `id: ${place}\nevent: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
