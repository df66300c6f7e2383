import { createHash } from 'node:crypto';
import type { NeutronClient } from '@taas/neutron';
import type { Clock } from '@taas/service';
import type { PortDirectory, PortKnowledge } from '../admission/port-directory.js';

export interface NeutronPortsOptions {
  readonly client: Pick<NeutronClient, 'portAsCaller'>;
  readonly clock: Clock;
  /** How long Neutron's answer about a port is believed, for the same token; 0 to ask each time. In ms. */
  readonly believeMs: number;
}

/** Ports remembered, the latest asked for. */
const maxRemembered = 10_000;

/**
 * Neutron as the source of ports, asked with the caller's own token: what they may not see does not exist. A port's
 * project never changes; that it was deleted meanwhile is noticed by whoever follows ports.
 */
export class NeutronPorts implements PortDirectory {
  readonly #known = new Map<
    string,
    { readonly answer: PortKnowledge; readonly until: number; readonly port: string }
  >();

  constructor(private readonly options: NeutronPortsOptions) {}

  lookup: PortDirectory['lookup'] = async (port, caller, signal) => {
    const { client, clock, believeMs } = this.options;
    if (caller.token === null) return { is: 'absent' };
    const key = createHash('sha256').update(`${caller.token}\n${port}`).digest('base64');
    const known = this.#known.get(key);
    if (known && known.until > clock.monotonic()) return known.answer;
    this.#known.delete(key);
    const found = await client.portAsCaller(port, caller.token, signal);
    if (found === null) return { is: 'absent' };
    const answer: PortKnowledge = { is: 'known', projectId: found.projectId, visible: true };
    if (believeMs > 0) this.#remember(key, { answer, until: clock.monotonic() + believeMs, port });
    return answer;
  };

  /** Forgets a port that was deleted. */
  forget(port: string): void {
    for (const [key, known] of this.#known) if (known.port === port) this.#known.delete(key);
  }

  #remember(key: string, what: { answer: PortKnowledge; until: number; port: string }): void {
    this.#known.set(key, what);
    if (this.#known.size <= maxRemembered) return;
    for (const oldest of this.#known.keys()) {
      this.#known.delete(oldest);
      return;
    }
  }
}
