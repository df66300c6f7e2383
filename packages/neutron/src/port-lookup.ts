import { createHash } from 'node:crypto';
import type { Clock } from '@taas/service';
import { createSharedCalls, LruMap, UpstreamUnavailableError } from '@taas/upstream';
import { Bursts } from './bursts.js';
import type { NeutronClient } from './neutron-client.js';
import type { NeutronPort } from './port.js';

export interface PortAsker {
  readonly token: string;
  /** The token's; empty for a token that is for no project. */
  readonly projectId: string;
}

/** The caller's view of a port, remembered for moments: whoever makes many taps asks for the same few ports. */
export interface PortLookup {
  /** As {@link NeutronClient.portAsCaller}. */
  portAsCaller(portId: string, asker: PortAsker, signal: AbortSignal): Promise<NeutronPort | null>;
  /** To be told that a port went or changed: what was known of it, or is being asked, no longer counts. */
  forget(portId: string): void;
}

export interface PortLookupOptions {
  readonly client: Pick<NeutronClient, 'portAsCaller' | 'portsAsCaller'>;
  readonly clock: Clock;
  /** How long a yes is believed from when it came, since a slow one is dear; 0 asks Neutron each time. In ms. */
  readonly maxAgeMs: number;
  readonly maxPorts?: number;
}

/**
 * The question of a burst at which Neutron is asked for the project's ports at once, and for how many. Neutron tells 200
 * ports in the time of ten questions for one, so that this never costs much more than it may save.
 */
const readAhead = { question: 4, ports: 200 };

/**
 * One token's answers are never another's, so that Neutron alone decides who sees what. Keys hold a SHA-256 sum of the
 * token. A no is not kept: a port may be made in the next moment. Overlapping questions are one. Who asks for one port
 * after another is likely to ask for the project's others too: those are asked for together.
 */
export function createPortLookup(options: PortLookupOptions): PortLookup {
  const { client, clock, maxAgeMs, maxPorts = 10_000 } = options;
  const answers = new LruMap<{ readonly port: NeutronPort; readonly answeredAt: number; readonly era: number }>(
    maxPorts,
  );
  const calls = createSharedCalls<NeutronPort | null>();
  const pages = createSharedCalls<void>();
  const bursts = new Bursts({ clock, questions: readAhead.question, spanMs: maxAgeMs, maxAskers: maxPorts });
  // The era of a port ends when it is forgotten; an answer counts only in the era in which it was asked for.
  const eras = new LruMap<number>(maxPorts);
  let latestEra = 0;
  const eraOf = (portId: string): number => eras.get(portId) ?? 0;

  const known = (portId: string, caller: string): NeutronPort | undefined => {
    const answer = answers.get(`${portId} ${caller}`);
    if (answer === undefined || answer.era !== eraOf(portId)) return undefined;
    return clock.monotonic() - answer.answeredAt < maxAgeMs ? answer.port : undefined;
  };

  const askForAll = ({ token, projectId }: PortAsker, caller: string, signal: AbortSignal): Promise<void> =>
    pages.run(caller, signal, async (inner) => {
      const era = latestEra;
      try {
        const ports = await client.portsAsCaller(projectId, token, readAhead.ports, inner);
        const answeredAt = clock.monotonic();
        for (const port of ports) {
          const own = eraOf(port.id);
          if (own <= era) answers.set(`${port.id} ${caller}`, { port, answeredAt, era: own });
        }
      } catch (error) {
        // The question for the one port will tell what is wrong.
        if (!(error instanceof UpstreamUnavailableError)) throw error;
      }
    });

  return {
    portAsCaller: async (portId, asker, signal) => {
      const caller = createHash('sha256').update(asker.token).digest('base64');
      const before = known(portId, caller);
      if (before !== undefined) return before;
      if (asker.projectId !== '' && maxAgeMs > 0 && (bursts.begins(caller) || pages.has(caller))) {
        await askForAll(asker, caller, signal);
        const after = known(portId, caller);
        if (after !== undefined) return after;
      }
      const era = eraOf(portId);
      return calls.run(`${era} ${portId} ${caller}`, signal, async (inner) => {
        const port = await client.portAsCaller(portId, asker.token, inner);
        if (port !== null) answers.set(`${portId} ${caller}`, { port, answeredAt: clock.monotonic(), era });
        return port;
      });
    },
    forget: (portId) => {
      eras.set(portId, ++latestEra);
    },
  };
}
