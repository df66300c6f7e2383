import type { OpenSender } from '@taas/server';
import type { FromHost } from '../lab-switch.js';

/** What a server in this process sends goes to the simulators that have this machine on a network of theirs, as the kernel would have it. */
export class HostSender {
  readonly #ways = new Map<string, FromHost>();

  /** For a server in this process: {@link Seams.openSender}. */
  readonly open: OpenSender = async (from) => ({
    send: async (payload, to) => {
      const way = this.#ways.get(to);
      if (!way) throw new Error(`connect ENETUNREACH ${to}`);
      way({ from, to, payload });
    },
    close: async () => undefined,
  });

  /** @param to an address of a switch */
  reach(to: string, way: FromHost): void {
    this.#ways.set(to, way);
  }
}
