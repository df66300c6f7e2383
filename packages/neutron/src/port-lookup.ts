import { createHash } from 'node:crypto';
import { createSharedCalls, LruMap } from '@taas/keystone';
import type { Clock } from '@taas/service';
import type { NeutronClient } from './neutron-client.js';
import type { NeutronPort } from './port.js';

/** The caller's view of a port, remembered for moments: whoever makes many taps asks for the same few ports. */
export interface PortLookup {
  /** As {@link NeutronClient.portAsCaller}. */
  portAsCaller(portId: string, token: string, signal: AbortSignal): Promise<NeutronPort | null>;
  /** To be told that a port went or changed: what was known of it, or is being asked, no longer counts. */
  forget(portId: string): void;
}

export interface PortLookupOptions {
  readonly client: Pick<NeutronClient, 'portAsCaller'>;
  readonly clock: Clock;
  /** How long a yes is believed; 0 asks Neutron each time. */
  readonly maxAgeMs?: number;
  readonly maxPorts?: number;
}

/**
 * One token's answers are never another's, so that Neutron alone decides who sees what. Keys hold a SHA-256 sum of the
 * token. A no is not kept: a port may be made in the next moment. Overlapping questions are one.
 */
export function createPortLookup(options: PortLookupOptions): PortLookup {
  const { client, clock, maxAgeMs = 5_000, maxPorts = 10_000 } = options;
  const answers = new LruMap<{ readonly port: NeutronPort; readonly askedAt: number; readonly era: number }>(maxPorts);
  const calls = createSharedCalls<NeutronPort | null>();
  // The era of a port ends when it is forgotten; an answer counts only in the era in which it was asked for.
  const eras = new LruMap<number>(maxPorts);
  let latestEra = 0;
  const eraOf = (portId: string): number => eras.get(portId) ?? 0;

  return {
    portAsCaller: (portId, token, signal) => {
      const era = eraOf(portId);
      const key = `${portId} ${createHash('sha256').update(token).digest('base64')}`;
      const known = answers.get(key);
      if (known !== undefined && known.era === era && clock.monotonic() - known.askedAt < maxAgeMs) {
        return Promise.resolve(known.port);
      }
      return calls.run(`${era} ${key}`, signal, async (inner) => {
        const askedAt = clock.monotonic();
        const port = await client.portAsCaller(portId, token, inner);
        if (port !== null) answers.set(key, { port, askedAt, era });
        return port;
      });
    },
    forget: (portId) => {
      eras.set(portId, ++latestEra);
    },
  };
}
