import { Readable } from 'node:stream';
import { type FrameSummary, frameSummary, summaryBytes } from '@taas/packets';

/** A packet of a capture, in words. */
export interface WatchedPacket extends FrameSummary {
  /** Its number in the capture's file, from 1. */
  readonly n: number;
  /** Since 1970, in ms. */
  readonly at: number;
  /** The interface in the file: a port and a direction. */
  readonly interface: string;
  /** Bytes that it had. */
  readonly length: number;
}

interface Noted {
  readonly n: number;
  readonly timeNs: bigint;
  readonly index: number;
  readonly length: number;
  readonly head: Uint8Array;
}

interface Watcher {
  readonly user: string;
  turns: number;
  /** Turns since something was written to him. */
  silent: number;
  missed: boolean;
  isOver: boolean;
}

/** Packets of each turn that are shown; the others are counted. A person reads no more, and a frame's cost must not depend on who looks. */
export const shownOfTurn = 50;
/** That are kept for who comes later. */
export const kept = 200;
const mostWatchers = 8;
/** So that one user, or one script, does not keep everybody else from looking. */
const mostOfUser = 3;
/** Users that are remembered; of others the trail is told each time. */
const mostTold = 64;
/** Turns after which a stream ends, and a browser asks again: so a token that was withdrawn is noticed. */
const turnsOfStream = 60;
/** Turns after which a stream without packets shows that it lives: proxies end those that say nothing for a minute. */
const turnsOfSilence = 15;
/** What may wait for a watcher who does not read, in bytes: until then he is told nothing new. */
const mostWaiting = 256 * 1024;

/**
 * The latest packets of a capture, in words, for who looks at it: beside the file, of which nothing is taken. Whoever is slow here
 * misses packets, and delays neither the file nor another.
 */
export class PacketWatch {
  #noted: Noted[] = [];
  #latest: WatchedPacket[] = [];
  #count = 0;
  #unshown = 0;
  readonly #watchers = new Map<Readable, Watcher>();
  #over: string | null = null;
  /** Users of whom the audit trail has that they look. */
  readonly #told = new Set<string>();

  /** @param interfaces their names, as the file has them */
  constructor(private readonly interfaces: readonly string[]) {}

  /** A frame that was written into the file. @param frame what was kept of it */
  take(index: number, frame: Uint8Array, length: number, timeNs: bigint): void {
    this.#count += 1;
    if (this.#noted.length >= shownOfTurn) {
      this.#unshown += 1;
      return;
    }
    // A copy: the frame's memory is the socket's. `slice` of a Buffer would be none.
    this.#noted.push({
      n: this.#count,
      timeNs,
      index,
      length,
      head: Uint8Array.prototype.slice.call(frame, 0, summaryBytes),
    });
  }

  /** Whether as many look as may, in all or of this user. */
  isFullFor(user: string): boolean {
    const own = [...this.#watchers.values()].filter((watcher) => watcher.user === user);
    return this.#watchers.size >= mostWatchers || own.length >= mostOfUser;
  }

  /** Whether they have looked before. */
  isToldOf(user: string): boolean {
    return this.#told.has(user);
  }

  /** @returns what has come, and then what comes, as server-sent events; null if as many look already as may */
  open(user: string): Readable | null {
    if (this.isFullFor(user)) return null;
    if (this.#told.size < mostTold) this.#told.add(user);
    const stream = new Readable({ read: () => undefined });
    stream.push(event('packets', { packets: this.#latest, unshown: this.#unshown }));
    if (this.#over !== null) return finished(stream, this.#over);
    this.#watchers.set(stream, { user, turns: 0, silent: 0, missed: false, isOver: false });
    stream.once('close', () => this.#watchers.delete(stream));
    stream.once('error', () => undefined);
    return stream;
  }

  /** Tells those who look what has come since the turn before; to be called once a second. */
  turn(): void {
    this.#tell();
    for (const [stream, state] of this.#watchers) {
      state.turns += 1;
      if (state.turns < turnsOfStream || state.isOver) continue;
      // He may have some of it before him yet, and counts until he has read it.
      state.isOver = true;
      stream.push(null);
    }
  }

  #tell(): void {
    const packets = this.#noted.map((each) => this.#inWords(each));
    this.#noted = [];
    this.#latest = [...this.#latest, ...packets].slice(-kept);
    for (const [stream, state] of this.#watchers) {
      if (state.isOver) continue;
      if (stream.readableLength > mostWaiting) state.missed = true;
      else {
        // Who has missed some is told what there is now.
        const told = state.missed ? this.#latest : packets;
        state.silent = told.length > 0 ? 0 : (state.silent + 1) % turnsOfSilence;
        if (told.length > 0) stream.push(event('packets', { packets: told, unshown: this.#unshown }));
        else if (state.silent === 0) stream.push(': still here\n\n');
        state.missed = false;
      }
    }
  }

  end(because: string): void {
    if (this.#over !== null) return;
    this.#tell();
    this.#over = because;
    for (const [stream, state] of this.#watchers) {
      if (state.isOver) continue;
      state.isOver = true;
      finished(stream, because);
    }
  }

  #inWords({ n, timeNs, index, length, head }: Noted): WatchedPacket {
    const at = Number(timeNs / 1_000_000n);
    return { n, at, interface: this.interfaces[index] ?? '', length, ...frameSummary(head, length) };
  }
}

function finished(stream: Readable, because: string): Readable {
  stream.push(event('end', { because }));
  stream.push(null);
  return stream;
}

const event = (name: string, data: object): string => `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
