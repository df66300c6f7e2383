import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { type Clock, Latest } from '@taas/service';
import { networkOf, TrustedProxies } from './client-address.js';

/** Whose request it is, as far as the sharing of what is scarce goes; it gives no rights. */
export interface Client {
  /** Whether the token was good when it was last used here. */
  readonly known: boolean;
  /** With whom it shares: its project or token, or the network of its address. */
  readonly key: string;
  /** The network of its address. */
  readonly network: string;
}

export interface ClientsOptions {
  readonly clock: Clock;
  /** Addresses or subnets of the proxies in front. */
  readonly trustedProxies?: readonly string[];
  /** The project of a token that Keystone has lately called good; null if it has not. Asks nobody. */
  readonly projectOf?: ((token: string) => string | null) | undefined;
}

/** How long a token is known after Neutron has taken it, in ms. */
const rememberedMs = 300_000;
const mostTokens = 10_000;

/**
 * Tells strangers from those who are known: by Keystone, whom the TaaS API asks, or by Neutron, which answers a good token
 * otherwise than a bad one. Keeps sums of tokens, no tokens.
 */
export class Clients {
  readonly #proxies: TrustedProxies;
  /** When Neutron has taken them, by sum; the latest last. */
  readonly #taken = new Latest<string, number>(mostTokens);

  /** @throws ProxyError */
  constructor(private readonly options: ClientsOptions) {
    this.#proxies = new TrustedProxies(options.trustedProxies ?? []);
  }

  of(request: IncomingMessage): Client {
    const network = networkOf(this.#proxies.clientOf(request));
    const token = tokenOf(request);
    if (token === null) return { known: false, key: network, network };
    const project = this.options.projectOf?.(token) ?? null;
    if (project !== null && project !== '') return { known: true, key: `project ${project}`, network };
    const sum = sumOf(token);
    const takenAt = this.#taken.get(sum);
    const known = project !== null || (takenAt !== undefined && this.#now() - takenAt < rememberedMs);
    return known ? { known, key: `token ${sum}`, network } : { known, key: network, network };
  }

  /** Whether connections from an address are those of many clients. */
  isProxy(address: string): boolean {
    return this.#proxies.has(address);
  }

  /**
   * Learns from Neutron's answer. Only what is under `/v2.0/` says anything: other documents are everybody's.
   * @param path as neutronPath reads it
   */
  learn(request: IncomingMessage, path: readonly string[] | null, status: number): void {
    const token = tokenOf(request);
    if (token === null) return;
    const sum = sumOf(token);
    if (status === 401) this.#taken.delete(sum);
    const telling = request.method !== 'OPTIONS' && path !== null && path[0] === 'v2.0' && path.length > 1;
    if (!telling || status < 200 || status > 299) return;
    this.#taken.put(sum, this.#now());
  }

  #now(): number {
    return this.options.clock.monotonic();
  }
}

function tokenOf({ headers }: IncomingMessage): string | null {
  const given = headers['x-auth-token'];
  const token = (Array.isArray(given) ? given[0] : given)?.trim() ?? '';
  return token === '' ? null : token;
}

const sumOf = (token: string): string => createHash('sha256').update(token).digest('base64');
