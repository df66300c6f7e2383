import {
  type ActualInterface,
  parseOwnTag,
  physnetTagPrefix,
  portTagPrefix,
  tagOrPort,
  type VppSnapshot,
} from '@taas/wiring';
import { VppRetvalError } from 'vpp-api';
import { adminUp } from './objects/interface.js';
import { setSpan } from './objects/span.js';
import type { Vpp } from './vpp-messages.js';
import type { VppReader } from './vpp-reader.js';

export interface InterfaceWatchOptions {
  readonly vpp: Vpp;
  readonly snapshot: VppSnapshot;
  readonly reader: VppReader;
  /** VPP's names of uplinks that were configured, by physnet: they may have no tag. */
  readonly uplinks: ReadonlyMap<string, string>;
  /** Something happened that a round should look at. */
  readonly poke: () => void;
  /** A mirror to or from a deleted interface could not be switched off. */
  readonly problem: (error: Error) => void;
}

/** More events than this between two rounds are not kept one by one: everything is read anew. */
const maxEvents = 10_000;

/**
 * Follows VPP's interface events. A deletion is answered at once, since the next interface that is made gets the index,
 * and the mirrors with it; everything else is kept for the next round, which reads what it wants to know.
 */
export class InterfaceWatch {
  #changed = new Map<number, number>();
  /** Tags of interfaces that went. */
  #lostTags: string[] = [];
  readonly #expected = new Map<number, number>();

  constructor(private readonly options: InterfaceWatchOptions) {}

  /** We are about to delete this interface ourselves, having switched its mirrors off: its event says nothing new. */
  expectDeletion(index: number): void {
    this.#expected.set(index, (this.#expected.get(index) ?? 0) + 1);
  }

  async start(): Promise<Disposable> {
    const { vpp } = this.options;
    const registration = vpp.on('sw_interface_event', ({ sw_if_index, flags, deleted }) => {
      if (deleted) this.#deleted(sw_if_index);
      else this.#changed.set(sw_if_index, flags);
      this.options.poke();
    });
    await this.#subscribe();
    return registration;
  }

  /** VPPs before 22.02 go on holding who has gone for subscribed, and refuse whoever gets its place as a client. */
  async #subscribe(): Promise<void> {
    const want = (enable_disable: 0 | 1) =>
      this.options.vpp.request('want_interface_events', { enable_disable, pid: process.pid });
    try {
      await want(1);
    } catch (error) {
      if (!(error instanceof VppRetvalError) || error.errorName !== 'VNET_API_ERROR_INVALID_REGISTRATION') throw error;
      await want(0);
      await want(1);
    }
  }

  /** Reads again what events were about; returns the tags of interfaces that came, went or changed. */
  async catchUp(): Promise<ReadonlySet<string>> {
    const { reader, snapshot, uplinks } = this.options;
    const tags = new Set(this.#lostTags);
    const changed = this.#changed;
    this.#changed = new Map();
    this.#lostTags = [];
    if (changed.size > maxEvents) await reader.readInterfaces();
    const unknown = [...changed].filter(([index, flags]) => isNews(snapshot.interfaces.get(index), flags));
    await Promise.all(unknown.map(([index]) => reader.readInterface(index)));
    for (const [index] of unknown) {
      const entry = snapshot.interfaces.get(index);
      // A trunk's flows are concerned by its subports.
      const trunk = entry && entry.supIndex !== index ? snapshot.interfaces.get(entry.supIndex) : undefined;
      for (const tag of [entry, trunk].map((each) => (each ? tagOrPort(each) : '')))
        if (concernsTaps(tag)) tags.add(tag);
      for (const [physnet, name] of uplinks) if (entry?.name === name) tags.add(`${physnetTagPrefix}${physnet}`);
    }
    return tags;
  }

  #deleted(index: number): void {
    const { vpp, snapshot, problem } = this.options;
    const expected = this.#expected.get(index) ?? 0;
    if (expected > 1) this.#expected.set(index, expected - 1);
    else this.#expected.delete(index);
    if (expected > 0) return;
    // Somebody may have the index already: look.
    this.#changed.set(index, 0);
    const entry = snapshot.interfaces.get(index);
    if (entry) this.#lostTags.push(tagOrPort(entry));
    const mirrors = [...snapshot.spans.to(index), ...snapshot.spans.from(index)];
    snapshot.interfaces.delete(index);
    for (const { from, to } of mirrors) {
      setSpan(vpp, from, to, 0).then(
        () => snapshot.spans.put(from, to, 0),
        (error: unknown) => {
          // With the connection gone everything is read anew; a refusal is left to the next poll of everything.
          if (error instanceof VppRetvalError) problem(error);
        },
      );
    }
  }
}

/**
 * Whether an interface has to be read again after an event. Its flags say what went up since the event before, admin state and
 * link, and not how the interface is now. Of ours only we set the admin state, and what that did has been read back; all of
 * them would be read twice.
 */
function isNews(known: ActualInterface | undefined, flags: number): boolean {
  if (known === undefined || parseOwnTag(known.tag) === null) return true;
  return known.adminUp !== ((flags & adminUp) !== 0);
}

function concernsTaps(tag: string): boolean {
  return tag.startsWith(portTagPrefix) || tag.startsWith(physnetTagPrefix) || parseOwnTag(tag) !== null;
}
