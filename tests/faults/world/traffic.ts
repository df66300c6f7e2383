import type { Capture, LabPort, LabSwitch } from '@taas/lab';
import { distinctFrame } from '../../scenarios/distinct-frames.js';
import type { Station } from '../../scenarios/mesh/mesh-model.js';
import { type Received, receivedAt } from './received.js';

/** A frame that was sent, with what was true when it was. */
export interface Sent {
  readonly from: Station;
  /** Who else was in the sender's network, on its node. */
  readonly neighbours: readonly Station[];
  /** Ports of the node came or went at the time, or its switch was restarted: not everybody need have got it. */
  blurred: boolean;
}

/** Where a station is. */
export interface Place {
  readonly node: number;
  readonly switch: LabSwitch;
  readonly port: LabPort;
}

/**
 * Frames of a whole run: every station sends without a pause, each frame unlike any other, and all that any station is
 * given is kept.
 */
export class Traffic {
  readonly sent = new Map<number, Sent>();
  readonly received: Received[] = [];
  readonly #captures = new Map<Station, Capture>();
  /** Stations that are about to go: VPP may end when a packet generator's port is deleted with a stream on it. */
  readonly #leaving = new Set<Station>();
  #sending: { readonly station: Station; readonly done: Promise<void> } | null = null;
  /** The first serial of the batch before the one in progress: what is older has arrived. */
  #settled = 1;
  #batch = 1;
  #serial = 0;
  /** Per node: how many changes are in progress, and how many there have been. */
  readonly #changing = new Map<number, number>();
  readonly #changes = new Map<number, number>();

  /** Frames below this serial have arrived wherever they will. */
  get settled(): number {
    return this.#settled;
  }

  /** The serial of the next frame. */
  get next(): number {
    return this.#serial + 1;
  }

  async listen(station: Station, { switch: on, port }: Place): Promise<void> {
    this.#leaving.delete(station);
    this.#captures.set(station, await on.capture(port));
  }

  /** Ends the capture of a station that is about to go, and keeps what it was given. It sends no more until it listens. */
  async unlisten(station: Station): Promise<void> {
    this.#leaving.add(station);
    if (this.#sending?.station === station) await this.#sending.done;
    const capture = this.#captures.get(station);
    this.#captures.delete(station);
    if (capture === undefined) return;
    for (const frame of await capture.stop()) {
      const received = receivedAt(station, frame);
      if (received) this.received.push(received);
    }
  }

  listeners(): readonly Station[] {
    return [...this.#captures.keys()];
  }

  /** Runs a change of a node's ports; frames that are sent there meanwhile need not arrive everywhere. */
  async during<T>(node: number, change: () => Promise<T>): Promise<T> {
    this.#changing.set(node, (this.#changing.get(node) ?? 0) + 1);
    this.#changes.set(node, (this.#changes.get(node) ?? 0) + 1);
    try {
      return await change();
    } finally {
      this.#changing.set(node, (this.#changing.get(node) ?? 1) - 1);
      this.#changes.set(node, (this.#changes.get(node) ?? 0) + 1);
    }
  }

  /** Some frames of every station. */
  async batch(
    stations: readonly { readonly station: Station; readonly place: Place; readonly neighbours: readonly Station[] }[],
    each: number,
  ): Promise<void> {
    this.#settled = this.#batch;
    this.#batch = this.#serial + 1;
    // Who neighbours whom was looked up now: any change from here on makes that doubtful, also one that is over soon.
    const changes = new Map(this.#changes);
    const isBlurred = (node: number) =>
      (this.#changes.get(node) ?? 0) !== (changes.get(node) ?? 0) || (this.#changing.get(node) ?? 0) > 0;
    for (const { station, place, neighbours } of stations) {
      if (this.#leaving.has(station)) continue;
      const frames: Uint8Array[] = [];
      const made: Sent[] = [];
      for (let n = 0; n < each; n++) {
        this.#serial += 1;
        const sent = { from: station, neighbours, blurred: false };
        this.sent.set(this.#serial, sent);
        made.push(sent);
        frames.push(distinctFrame(this.#serial));
      }
      try {
        await this.#send(station, place, frames);
      } catch (error) {
        // Its port went away, or its switch was killed, while this was being sent.
        if (!isBlurred(place.node)) throw error;
      }
      if (isBlurred(place.node)) for (const sent of made) sent.blurred = true;
    }
  }

  async #send(station: Station, { switch: on, port }: Place, frames: readonly Uint8Array[]): Promise<void> {
    const sending = on.send(port, frames);
    this.#sending = { station, done: sending.catch(() => undefined) };
    try {
      await sending;
    } finally {
      this.#sending = null;
    }
  }
}
