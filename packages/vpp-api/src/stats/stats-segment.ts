import { setImmediate } from 'node:timers/promises';
import type { Clock } from '../clock.js';
import { CombinedCounters, SimpleCounters, type StatsValue } from './counters.js';
import { Directory } from './directory.js';
import {
  type DirectoryEntry,
  entryTypes,
  isNamesType,
  readEntry,
  readHeader,
  readThreads,
  readVector,
  type SegmentHeader,
} from './layout.js';
import type { SegmentBytes } from './segment-bytes.js';
import { VppStatsError } from './stats-error.js';

/** Reads of a directory that changes meanwhile are begun anew as often. */
const tries = 10;
/** VPP holds the directory for microseconds, or for a scan of its own for some milliseconds. */
const pauseMs = 1;
/** A name that was not there is looked for again after so long: plugins add names, and a search is 30 MB at most. */
const searchAgainMs = 60_000;

/**
 * VPP's statistics segment: counters that VPP writes to shared memory, read without its help. No message, no barrier; VPP does
 * not know that it is read. Counters of one {@link read} are of about the same moment, not of one.
 */
export class StatsSegment {
  readonly #directory = new Directory();
  /** By name: when it was searched for in vain. */
  readonly #absent = new Map<string, number>();

  /** @param bytes closed with the segment */
  constructor(
    private readonly bytes: SegmentBytes,
    private readonly clock: Clock,
  ) {}

  /**
   * @param names as `/if/rx`; what VPP does not have is not in the answer
   * @throws VppStatsError if the segment is not what it should be, or VPP changes it during all tries
   * @throws the signal's reason
   */
  async read(names: readonly string[], signal: AbortSignal): Promise<Map<string, StatsValue>> {
    const values = new Map<string, StatsValue>();
    // One by one: while interfaces are made by the hundred the directory never stands still for long.
    for (const name of names) {
      const value = await this.#attempt(signal, name, (header, entry) => this.#value(header, entry));
      if (value) values.set(name, value);
    }
    return values;
  }

  /**
   * One name of a vector of names.
   * @param vector as `/if/names`
   * @param index as sw_if_index
   * @returns undefined if there is none
   */
  async readName(vector: string, index: number, signal: AbortSignal): Promise<string | undefined> {
    return this.#attempt(signal, vector, (header, entry) => this.#nameIn(header, entry, index));
  }

  close(): void {
    this.bytes.close();
  }

  /** Takes an entry's content while the directory stands still, after a search for it if it is not where it was. */
  async #attempt<T>(
    signal: AbortSignal,
    name: string,
    take: (header: SegmentHeader, entry: DirectoryEntry) => T,
  ): Promise<T | undefined> {
    for (let n = 0; n < tries; n++) {
      signal.throwIfAborted();
      if (this.#isAbsent(name)) return undefined;
      const header = readHeader(this.bytes);
      const taken = header.inProgress ? null : this.#undisturbed(header, () => this.#taken(header, name, take));
      if (taken === null) await this.#pause(signal);
      else if (taken.found) return taken.content;
      else await this.#search(header, name, signal);
    }
    throw new VppStatsError('busy', `VPP changed its statistics segment during each of ${tries} tries to read ${name}`);
  }

  #taken<T>(header: SegmentHeader, name: string, take: (header: SegmentHeader, entry: DirectoryEntry) => T) {
    const place = this.#directory.place(name);
    const entry = place === undefined ? undefined : readEntry(this.bytes, header, place);
    if (entry?.name !== name) return { found: false } as const;
    return { found: true, content: take(header, entry) } as const;
  }

  /** What was read while the directory stood still; null: read again. What is odd in one that moved is no fault. */
  #undisturbed<T>(before: SegmentHeader, take: () => T): T | null {
    let failure: unknown;
    let taken: T | undefined;
    try {
      taken = take();
    } catch (error) {
      failure = error;
    }
    const after = readHeader(this.bytes);
    if (after.inProgress || after.epoch !== before.epoch) return null;
    if (failure !== undefined) throw failure;
    return taken as T;
  }

  #value({ base }: SegmentHeader, { type, value }: DirectoryEntry): StatsValue | undefined {
    switch (type) {
      case entryTypes.scalar:
      case entryTypes.gauge:
        return { type: 'scalar', value };
      case entryTypes.simple:
        return new SimpleCounters(this.#threads(base, Number(value), 8));
      case entryTypes.combined:
        return new CombinedCounters(this.#threads(base, Number(value), 16));
      default:
        return undefined;
    }
  }

  #threads(base: number, pointer: number, elementBytes: number): Buffer[] {
    let total = 0;
    return readThreads(this.bytes, base, pointer).map((thread) => {
      const { offset, length } = readVector(this.bytes, base, thread);
      total += length * elementBytes;
      // Threads' counters do not overlap: whoever claims so would have us copy the segment a thousand times.
      if (total > this.bytes.size)
        throw new VppStatsError('malformed', "the threads' counters are larger together than the statistics segment");
      return this.bytes.read(offset, length * elementBytes);
    });
  }

  #nameIn({ base }: SegmentHeader, { type, value }: DirectoryEntry, index: number): string | undefined {
    if (!isNamesType(type)) return undefined;
    const names = readVector(this.bytes, base, Number(value));
    if (index >= names.length) return undefined;
    const pointer = Number(this.bytes.read(names.offset + 8 * index, 8).readBigUInt64LE(0));
    const text = readVector(this.bytes, base, pointer, 1024);
    const name = this.bytes.read(text.offset, text.length).toString('latin1');
    return pointer === 0 ? undefined : name.replace(/\0.*$/s, '');
  }

  async #search(header: SegmentHeader, name: string, signal: AbortSignal): Promise<void> {
    const pause = async () => {
      await setImmediate();
      signal.throwIfAborted();
    };
    const search = this.#directory.search(this.bytes, header, name, pause);
    const failure = await search.then(
      () => null,
      (error: unknown) => ({ error }),
    );
    // In a directory that has changed meanwhile the name may have been where nobody looked.
    if (readHeader(this.bytes).epoch !== header.epoch) return signal.throwIfAborted();
    if (failure) throw failure.error;
    if (this.#directory.place(name) === undefined) this.#absent.set(name, this.clock.now());
  }

  #isAbsent(name: string): boolean {
    const since = this.#absent.get(name);
    if (since === undefined) return false;
    if (this.clock.now() - since < searchAgainMs) return true;
    this.#absent.delete(name);
    return false;
  }

  #pause(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const abort = () => {
        cancel();
        reject(signal.reason);
      };
      const cancel = this.clock.after(pauseMs, () => {
        signal.removeEventListener('abort', abort);
        resolve();
      });
      if (signal.aborted) abort();
      else signal.addEventListener('abort', abort, { once: true });
    });
  }
}
