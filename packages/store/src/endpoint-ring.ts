import type { Logger } from '@taas/service';

export interface RingEndpoint {
  readonly url: string;
  close(): void;
}

/** The servers of the cluster, one of them in use until it fails; then the next one, in the order given. */
export class EndpointRing<E extends RingEndpoint> {
  #current = 0;

  /** @param endpoints at least one */
  constructor(
    private readonly endpoints: readonly E[],
    private readonly logger: Logger,
  ) {}

  get count(): number {
    return this.endpoints.length;
  }

  get all(): readonly E[] {
    return this.endpoints;
  }

  current(): E {
    const endpoint = this.endpoints[this.#current];
    if (endpoint === undefined) throw new RangeError('there is no etcd endpoint');
    return endpoint;
  }

  /** Moves on from `endpoint`, unless somebody else has done so already. */
  failed(endpoint: E, cause: Error): void {
    if (this.endpoints.length === 1 || this.current() !== endpoint) return;
    this.#current = (this.#current + 1) % this.endpoints.length;
    this.logger.warn({ failed: endpoint.url, next: this.current().url, cause: cause.message }, 'etcd endpoint changed');
  }

  close(): void {
    for (const endpoint of this.endpoints) endpoint.close();
  }
}
