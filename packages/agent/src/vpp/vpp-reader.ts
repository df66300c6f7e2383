import type { Interest, ObjectName, VppSnapshot, WatchedItem } from '@taas/wiring';
import type { Contained } from '../contained.js';
import type { FeatureBits } from './feature-bits.js';
import { readInterface, readInterfaces } from './objects/interface.js';
import { readFeatures } from './objects/layer2-features.js';
import { allTwins, twins } from './objects/registry.js';
import { readRoutes } from './objects/route.js';
import { hasManySpans, readSpans } from './objects/span.js';
import type { Vpp } from './vpp-messages.js';

/** What to read again after steps were carried out: those of these objects, and which of them were named. */
export type Touched = ReadonlyMap<ObjectName, ReadonlySet<number>>;

/** Interfaces of which VPP does not say what they do at layer 2, and why: what is known of them is of before. */
export type Unread = ReadonlyMap<number, string>;

/** Reads VPP's state into a snapshot; requests are pipelined, and each method resolves when the snapshot says what VPP said. */
export class VppReader {
  constructor(
    private readonly vpp: Vpp,
    private readonly snapshot: VppSnapshot,
    private readonly contained: Contained,
    /** Asked for at each reading: null as long as it is not known. */
    private readonly bits: () => FeatureBits | null,
  ) {}

  /** Everything but L2 features and routes, which VPP tells only one by one. */
  async readAll(): Promise<void> {
    await Promise.all(allTwins.map((twin) => (twin.readsLast ? undefined : twin.readAll(this.#context))));
    for (const twin of allTwins) if (twin.readsLast) await twin.readAll(this.#context);
  }

  /** Whether the mirrors are too many to be read often. */
  get hasManySpans(): boolean {
    return hasManySpans(this.snapshot);
  }

  /** Reads again how these things stand, but for mirrors: those are read all at once. */
  async readItems(items: readonly WatchedItem[]): Promise<void> {
    const [features, remotes] = [new Set<number>(), new Set<string>()];
    const reading: Promise<void>[] = [];
    const own = (tag: string) =>
      this.contained.attemptAsync(tag, () => Promise.all(this.#readTagged(tag)).then(() => undefined), undefined);
    for (const item of items)
      if (item.of === 'own') reading.push(own(item.tag));
      else if (item.of === 'source') features.add(item.index);
      else remotes.add(item.remote);
    await Promise.all([...reading, this.readDetails({ features, remotes })]);
  }

  async readInterfaces(): Promise<void> {
    await readInterfaces(this.#context);
  }

  async readInterface(index: number): Promise<void> {
    await readInterface(this.#context, index);
  }

  async readFeatures(indices: Iterable<number>): Promise<Unread> {
    const unread = new Map<number, string>();
    const read = async (index: number): Promise<void> => {
      const cause = await readFeatures(this.#context, index);
      if (cause !== null) unread.set(index, cause);
    };
    await Promise.all(Array.from(indices, read));
    return unread;
  }

  async readSpans(): Promise<void> {
    await readSpans(this.#context);
  }

  /** What VPP tells only one by one: L2 features, and the way to addresses outside with the interfaces that it takes. */
  async readDetails({ features, remotes }: Pick<Interest, 'features' | 'remotes'>): Promise<Unread> {
    const [unread] = await Promise.all([this.readFeatures(features), readRoutes(this.#context, remotes)]);
    return unread;
  }

  async readTouched(touched: Touched): Promise<void> {
    await Promise.all([...touched].map(([name, keys]) => twins[name].readTouched(this.#context, keys)));
  }

  /** All that is known with a tag of ours. */
  #readTagged(tag: string): Promise<void>[] {
    const indices = [...this.snapshot.interfaces.keysBy('tag', tag)];
    return [
      ...indices.map((index) => this.#readOn(index)),
      ...allTwins.map((twin) => twin.readTagged(this.#context, tag)),
    ];
  }

  async #readOn(index: number): Promise<void> {
    for (const twin of allTwins) await twin.readOn(this.#context, index);
  }

  get #context() {
    const { vpp, snapshot, contained } = this;
    return { vpp, snapshot, contained, bits: this.bits() };
  }
}
