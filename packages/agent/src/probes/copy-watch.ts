import { type Clock, inSlices, type Logger, type Sliced } from '@taas/service';
import {
  type ActualInterface,
  countChanges,
  featureBits,
  type NoCopies,
  parseOwnTag,
  portOf,
  type StillMirror,
  type VppSnapshot,
} from '@taas/wiring';
import type { Contained } from '../contained.js';
import { commandLineCounters } from '../statistics/command-line-counters.js';
import type { Vpp } from '../vpp/vpp-messages.js';
import {
  judgeCopies,
  type Mirror,
  type Moved,
  type SpanDestination,
  type WatchedSpanDestination,
} from './judge-copies.js';

/** Reads what interfaces have counted; one that VPP has not shown is not in the answer. */
export type ReadMoved = (vpp: Vpp, indices: readonly number[]) => Promise<ReadonlyMap<number, Moved>>;

/** So many interfaces' counters are read in one go. */
const atOnce = 1000;

/**
 * Looks whether copies move where their ports' traffic does: the last doubt about a tap of which all that VPP says is right.
 * Where there is much, each poll covers a part of it, in turns.
 */
export class CopyWatch {
  #watched = new Map<string, WatchedSpanDestination>();
  #rest: Iterator<SpanDestination> | null = null;
  readonly #changes: () => number;
  /** All that is watched, as long as nothing has changed of what is known of VPP. */
  #kept: { readonly changes: number; readonly all: readonly SpanDestination[] } | null = null;

  constructor(
    private readonly snapshot: VppSnapshot,
    private readonly logger: Logger,
    private readonly contained: Contained,
    private readonly clock: Pick<Clock, 'monotonic'>,
    private readonly read: ReadMoved = (vpp, indices) =>
      commandLineCounters(
        vpp,
        indices.flatMap((index) => snapshot.interfaces.get(index)?.name ?? []),
      ),
  ) {
    this.#changes = countChanges(snapshot);
  }

  get noCopies(): NoCopies {
    const still = new Map<string, readonly StillMirror[]>();
    for (const [tag, watched] of this.#watched) if (watched.still.length > 0) still.set(tag, watched.still);
    return still;
  }

  /** Begins anew: another VPP has counted nothing of what this one has. */
  attach(): void {
    this.#watched = new Map();
    this.#rest = null;
  }

  /** @returns tags of interfaces of ours whose taps stand otherwise than before */
  async look(vpp: Vpp): Promise<string[]> {
    for (const tag of this.#watched.keys())
      if (this.snapshot.interfaces.keysBy('tag', tag).size === 0) this.#watched.delete(tag);
    const { spanDestinations, indices } = await inSlices(this.#next(), this.clock);
    if (indices.size === 0) return [];
    const shown = await this.read(vpp, [...indices]);
    return inSlices(this.#news(spanDestinations, shown), this.clock);
  }

  *#news(spanDestinations: readonly SpanDestination[], shown: ReadonlyMap<number, Moved>): Sliced<string[]> {
    const tags: string[] = [];
    for (const each of spanDestinations) {
      yield;
      if (this.contained.attempt(`the copies of ${each.tag}`, () => this.#judge(each, shown), false))
        tags.push(each.tag);
    }
    return tags;
  }

  #judge(spanDestination: SpanDestination, shown: Parameters<typeof judgeCopies>[2]): boolean {
    const before = this.#watched.get(spanDestination.tag) ?? null;
    const now = judgeCopies(before, spanDestination, shown);
    if (now) this.#watched.set(spanDestination.tag, now);
    else this.#watched.delete(spanDestination.tag);
    const [was, is] = [before?.still ?? [], now?.still ?? []];
    for (const { reason } of is)
      if (!was.some((each) => each.reason === reason))
        this.logger.warn({ tag: spanDestination.tag, reason }, 'nothing is copied');
    if (was.length > 0 && is.length === 0)
      this.logger.info({ tag: spanDestination.tag }, 'copies move again, or have another way');
    return JSON.stringify(was) !== JSON.stringify(is);
  }

  #all(): Iterator<SpanDestination> {
    return this.#kept?.changes === this.#changes() ? this.#kept.all.values() : this.#walk();
  }

  *#walk(): Generator<SpanDestination> {
    const changes = this.#changes();
    const all: SpanDestination[] = [];
    for (const each of spanDestinationsOf(this.snapshot)) {
      all.push(each);
      yield each;
    }
    if (this.#changes() === changes) this.#kept = { changes, all };
  }

  *#next(): Sliced<{ readonly spanDestinations: readonly SpanDestination[]; readonly indices: ReadonlySet<number> }> {
    this.#rest ??= this.#all();
    const spanDestinations: SpanDestination[] = [];
    const indices = new Set<number>();
    while (indices.size < atOnce) {
      yield;
      const { value, done } = this.#rest.next();
      if (done) {
        this.#rest = null;
        break;
      }
      spanDestinations.push(value);
      for (const { index } of [value, ...value.mirrors]) if (this.snapshot.interfaces.has(index)) indices.add(index);
    }
    return { spanDestinations, indices };
  }
}

/** Interfaces of ours to which ports are mirrored, as far as nothing but these mirrors explains their counters. */
function* spanDestinationsOf(snapshot: VppSnapshot): Generator<SpanDestination> {
  // What is read again meanwhile would come again.
  const indices = Array.from(snapshot.interfaces.all(), ({ index }) => index);
  for (const index of indices) {
    const { name, tag, adminUp } = snapshot.interfaces.get(index) ?? {};
    if (name === undefined || tag === undefined || !adminUp || parseOwnTag(tag) === null) continue;
    const mirrors = snapshot.spans
      .to(index)
      .flatMap(({ from }) => mirrorOf(snapshot.interfaces.get(from), index, snapshot));
    if (mirrors.length > 0) yield { tag, index, name, mirrors };
  }
}

/**
 * A mirror that copies all that its interface counts: not of a trunk, which counts what its subports take; nor one that is
 * switched off, which is for others to see.
 */
function mirrorOf(from: ActualInterface | undefined, to: number, snapshot: VppSnapshot): Mirror[] {
  const port = from && portOf(from);
  const features = from && snapshot.features.get(from.index);
  if (!from || !port || !features || from.supIndex !== from.index) return [];
  if ([...snapshot.interfaces.by('parent', from.index)].length > 0) return [];
  const on =
    ((features.input & featureBits.inputSpan) === 0 ? 0 : 1) |
    ((features.output & featureBits.outputSpan) === 0 ? 0 : 2);
  const state = (snapshot.spans.state(from.index, to) & on) as Mirror['state'];
  return state === 0 ? [] : [{ index: from.index, port, state }];
}
