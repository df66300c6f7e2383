import { type Clock, inSlices, type Sliced } from '@taas/service';
import {
  canonicalAddress,
  countChanges,
  fingerprintOf,
  keyOf,
  linksOf,
  type VppSnapshot,
  type Wanted,
  type WatchedItem,
  watchedItems,
} from '@taas/wiring';
import type { Contained } from '../contained.js';
import type { VppReader } from '../vpp/vpp-reader.js';
import { affectedTaps } from '../wanted/affected-taps.js';
import { addTaps, type GatheredTaps, noTaps } from '../wanted/tap-ids.js';

export interface QuietChanges {
  /** Concerned by what is not as it was. */
  readonly taps: GatheredTaps;
  /** Something of ours has lost its tag: only a poll of everything knows it again. */
  readonly untagged: boolean;
}

interface KeptItems {
  readonly wanted: Wanted;
  /** Of what is wanted, and of what is known of VPP, at the walk. */
  readonly asWanted: number;
  readonly changes: number;
  readonly items: readonly WatchedItem[];
}

/** How an item stood, and at which count of changes of VPP that was found out. */
interface Seen {
  readonly at: number;
  readonly fingerprint: string;
}

/** An item, and how it stood before it was read again. */
interface Looked {
  readonly item: WatchedItem;
  readonly before: Seen;
}

/** Of an item of which it could not be told: it is asked again. */
const never = -1;

export type ItemReader = Pick<VppReader, 'hasManySpans' | 'readItems' | 'readSpans'>;

/** So many things are looked at in one go: more would keep VPP from other work. */
const atOnce = 400;

/**
 * Looks whether all of ours is still as it was, more often than the whole of VPP is read and compared: VPP tells of
 * interfaces that come, go, or are set up or down, and of nothing else. It does not tell of mirrors that are switched off,
 * of interfaces that are taken out of their bridge domain, or of routes. Where there is much, each poll covers a part of it,
 * in turns.
 */
export class ChangedItems {
  /** By key, in the round before this one: something may have been read since, for another reason, that nobody has planned for. */
  #last: ReadonlyMap<string, Seen> = new Map();
  #now = new Map<string, Seen>();
  #rest: Iterator<WatchedItem | null> | null = null;
  #polls = 0;
  #pollsAPass = 1;
  readonly #changes: () => number;
  /** All there is to be seen, as it was walked when all stood still; null: not known, or something has changed since. */
  #kept: KeptItems | null = null;

  constructor(
    private readonly snapshot: VppSnapshot,
    private readonly contained: Contained,
    private readonly clock: Pick<Clock, 'monotonic'>,
  ) {
    this.#changes = countChanges(snapshot);
  }

  /** Looks that it takes to see all of ours once. */
  get pollsAPass(): number {
    return this.#pollsAPass;
  }

  async changes(wanted: Wanted, reader: ItemReader): Promise<QuietChanges> {
    const { snapshot } = this;
    this.#polls++;
    const begins = this.#rest === null;
    if (begins && reader.hasManySpans) {
      this.#rest = this.#items(wanted);
      await reader.readSpans();
      return { taps: noTaps(), untagged: false };
    }
    const looked = await inSlices(this.#next(wanted), this.clock);
    const items = looked.map(({ item }) => item);
    // All mirrors once a round: VPP cannot list a part of them.
    if (begins && !reader.hasManySpans) await Promise.all([reader.readItems(items), reader.readSpans()]);
    else await reader.readItems(items);
    const changed = await inSlices(this.#changed(looked), this.clock);
    if (this.#rest === null) this.#endRound();
    return { taps: concerned(changed, wanted), untagged: lostTag(snapshot) };
  }

  #items(wanted: Wanted): Iterator<WatchedItem | null> {
    const kept = this.#kept;
    const isSame = kept?.wanted === wanted && kept.asWanted === wanted.changes && kept.changes === this.#changes();
    return isSame ? kept.items.values() : this.#walk(wanted);
  }

  /** Walks all anew, and keeps it unless something changes meanwhile or cannot be told. */
  *#walk(wanted: Wanted): Generator<WatchedItem | null> {
    const [asWanted, changes] = [wanted.changes, this.#changes()];
    const items: WatchedItem[] = [];
    let isOdd = false;
    const odd = (tap: string, error: unknown): void => {
      isOdd = true;
      this.contained.note(`the poll of ${tap}`, error);
    };
    this.#kept = null;
    for (const item of watchedItems(wanted, this.snapshot, odd)) {
      if (item !== null) items.push(item);
      yield item;
    }
    if (!isOdd && wanted.changes === asWanted && this.#changes() === changes)
      this.#kept = { wanted, asWanted, changes, items };
  }

  /** @param before how the item stood: it stands so still if nothing of VPP has changed since */
  #see(item: WatchedItem, before: Seen | undefined): Seen {
    const at = this.#changes();
    if (before?.at === at) return before;
    try {
      return { at, fingerprint: fingerprintOf(item, this.snapshot) };
    } catch (error) {
      this.contained.note(`the poll of ${keyOf(item)}`, error);
      return { at: never, fingerprint: '' };
    }
  }

  *#next(wanted: Wanted): Sliced<Looked[]> {
    this.#rest ??= this.#items(wanted);
    const looked: Looked[] = [];
    while (looked.length < atOnce) {
      yield;
      const { value: item, done } = this.#rest.next();
      if (done) {
        this.#rest = null;
        break;
      }
      if (item === null) continue;
      // And a moment ago: what was found at the last poll has been mended since, and may be undone again.
      looked.push({ item, before: this.#see(item, this.#last.get(keyOf(item))) });
    }
    return looked;
  }

  *#changed(looked: readonly Looked[]): Sliced<WatchedItem[]> {
    const changed: WatchedItem[] = [];
    for (const { item, before } of looked) {
      yield;
      const key = keyOf(item);
      const now = this.#see(item, before);
      const last = this.#last.get(key);
      this.#now.set(key, now);
      // What an event has told of an interface reaches its taps by its tag; of a way that goes by it, only we know.
      const isNews = last === undefined ? item.of === 'route' : now.fingerprint !== last.fingerprint;
      if (now.fingerprint !== before.fingerprint || isNews) changed.push(item);
    }
    return changed;
  }

  #endRound(): void {
    this.#last = this.#now;
    this.#now = new Map();
    this.#pollsAPass = this.#polls;
    this.#polls = 0;
  }
}

/** Both are asked, so that neither remembers what the other has told. */
function lostTag({ interfaces, bridgeDomains }: VppSnapshot): boolean {
  return [interfaces, bridgeDomains].map((table) => table.takeLostTag()).includes(true);
}

function concerned(items: readonly WatchedItem[], wanted: Wanted): GatheredTaps {
  const remotes = new Set(items.flatMap((item) => (item.of === 'route' ? [item.remote] : [])));
  const taps = affectedTaps(
    items.flatMap((item) => (item.of === 'route' ? [] : [item.tag])),
    wanted,
  );
  if (remotes.size > 0) addTaps(taps, tapsBy(remotes, wanted));
  return taps;
}

/** Mirrors to these addresses, and services with a tunnel to one of them. */
function tapsBy(remotes: ReadonlySet<string>, wanted: Wanted): GatheredTaps {
  const by = (address: string): boolean => remotes.has(canonicalAddress(address));
  const mirrors = [...wanted.mirrors.all()].filter(({ record }) => by(record.remote)).map(({ record }) => record.id);
  const services = [...wanted.serviceIds()].filter((service) =>
    [...linksOf(service, wanted)].some((link) => link.type === 'vxlan' && by(link.remote)),
  );
  return { services: new Set(services), flows: new Set(), mirrors: new Set(mirrors) };
}
