import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SimSwitch } from '@taas/lab';
import { agentMessages, connect, type OpenTransport, openUnixSocket, VppError } from 'vpp-api';
import { Random } from '../../faults/random.js';
import { Finding, type FuzzTarget } from '../fuzz-target.js';
import { mutate } from '../mutate.js';
import { ownMemory } from '../own-memory.js';

/** VPP's word for every interface and every bridge domain. */
const all = 0xffffffff;

/** Rejected promises that nobody handles, since the last poll. */
class Unhandled {
  #last: unknown;
  readonly #note = (reason: unknown) => {
    this.#last = reason ?? new Finding('a rejection without a reason');
  };

  constructor() {
    process.on('unhandledRejection', this.#note);
  }

  check(): void {
    const last = this.#last;
    this.#last = undefined;
    if (last !== undefined) throw last;
  }

  close(): void {
    process.off('unhandledRejection', this.#note);
  }
}

/**
 * What VPP says on its API socket. A simulator answers; an input is a seed and a list of places: it says which answers
 * arrive changed, and how.
 */
export const vppSocket: FuzzTarget = {
  name: 'vpp-socket',
  what: "VPP's replies, dumps and events on its API socket",
  open: async () => {
    const directory = mkdtempSync(join(tmpdir(), 'taas-fuzz-'));
    const sim = await SimSwitch.start(directory, 'fuzzed');
    for (const n of [1, 2, 3])
      await sim.addPort({ id: `00000000-0000-4000-8000-00000000000${n}`, bridgeDomain: 10 + n });
    const unhandled = new Unhandled();
    const conversation = async (input: Uint8Array): Promise<string> => {
      const client = await connect({
        socketPath: sim.apiSocket,
        clientName: 'fuzz',
        messages: agentMessages,
        transport: changing(input),
        connectTimeoutMs: 400,
        requestTimeoutMs: 200,
        onProblem: () => undefined,
      });
      try {
        await client.request('show_version', {});
        const interfaces = await client.dump('sw_interface_dump', {
          sw_if_index: all,
          name_filter_valid: false,
          name_filter: '',
        });
        await client.dump('bridge_domain_dump', { bd_id: all, sw_if_index: all });
        await client.dump('sw_interface_span_dump', { is_l2: true });
        return `${interfaces.length > 0 ? 'some' : 'no'} interfaces`;
      } finally {
        await client.close();
      }
    };
    return {
      corpus: [[], [200, 1], [40, 2], [41, 3], [42, 4, 60, 5], [5, 6]].map((bytes) => Uint8Array.from(bytes)),
      dictionary: [],
      run: async (input) => {
        try {
          const way = await conversation(input);
          unhandled.check();
          return way;
        } catch (error) {
          unhandled.check();
          if (error instanceof VppError) return error.code;
          throw error;
        }
      },
      memory: ownMemory,
      close: async () => {
        unhandled.close();
        await sim.stop();
        rmSync(directory, { recursive: true, force: true });
      },
    };
  },
};

/** Pairs of bytes: which chunk of the answers is changed (of the first 256), and the seed of the change. */
function changing(input: Uint8Array): OpenTransport {
  const changes = new Map<number, number>();
  for (let at = 0; at + 1 < Math.min(input.length, 64); at += 2) changes.set(input[at] ?? 0, input[at + 1] ?? 0);
  return (socketPath, handlers, signal) => {
    let [chunk, frames] = [0, 0];
    const onData = (bytes: Uint8Array) => {
      const seed = changes.get(chunk);
      chunk += 1;
      frames += bytes.length;
      if (seed === undefined) handlers.onData(bytes);
      else handlers.onData(mutate(new Random(seed + frames), { corpus: [bytes], dictionary: [] }));
    };
    return openUnixSocket(socketPath, { onData, onClose: handlers.onClose }, signal);
  };
}
