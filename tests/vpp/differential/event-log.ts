import { systemClock } from '@taas/service';
import type { VppClient } from 'vpp-api';
import { text } from './looks.js';
import type { AskedMessages } from './messages.js';

/** VPP collects what happens to interfaces for a moment before it tells: after this long without a word, that was all. */
const QUIET_MS = 200;

/** The interface events of one client since they were last taken. */
export class EventLog {
  #events: { readonly index: number; readonly text: string }[] = [];

  constructor(client: VppClient<AskedMessages>) {
    client.on('sw_interface_event', ({ pid, ...event }) => {
      this.#events.push({ index: event.sw_if_index, text: text(event) });
    });
  }

  async take(): Promise<readonly { readonly index: number; readonly text: string }[]> {
    for (let count = -1; count !== this.#events.length; ) {
      count = this.#events.length;
      await systemClock.sleep(QUIET_MS);
    }
    const taken = this.#events;
    this.#events = [];
    return taken;
  }
}
