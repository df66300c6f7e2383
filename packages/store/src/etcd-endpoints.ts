import { type Client, createClient } from '@connectrpc/connect';
import { createGrpcTransport, Http2SessionManager } from '@connectrpc/connect-node';
import type { Logger } from '@taas/service';
import { Auth, KV, Lease, Watch } from './generated/etcd_pb.js';

/** One server of the cluster, with a connection that is opened when it is first needed. */
export interface EtcdEndpoint {
  readonly url: string;
  readonly kv: Client<typeof KV>;
  readonly watch: Client<typeof Watch>;
  readonly lease: Client<typeof Lease>;
  readonly auth: Client<typeof Auth>;
  close(): void;
}

export interface EtcdTlsMaterial {
  readonly ca?: Buffer;
  readonly cert?: Buffer;
  readonly key?: Buffer;
}

/** An HTTP/2 connection to one etcd server. The only place that knows the transport. */
export function connectEndpoint(url: string, tls: EtcdTlsMaterial): EtcdEndpoint {
  // Without pings a peer that fell silent leaves a watch waiting for ever; etcd tolerates one every 5 seconds.
  const session = new Http2SessionManager(
    url,
    { pingIntervalMs: 10_000, pingTimeoutMs: 5_000 },
    { ...tls, settings: { initialWindowSize: 1024 * 1024 } },
  );
  // etcd never compresses; offering it would only cost headers.
  const transport = createGrpcTransport({ baseUrl: url, sessionManager: session, acceptCompression: [] });
  return {
    url,
    kv: createClient(KV, transport),
    watch: createClient(Watch, transport),
    lease: createClient(Lease, transport),
    auth: createClient(Auth, transport),
    close: () => session.abort(),
  };
}

/** The servers of the cluster, one of them in use until it fails; then the next one, in the order given. */
export class EtcdEndpoints {
  #current = 0;

  /** @param endpoints at least one */
  constructor(
    private readonly endpoints: readonly EtcdEndpoint[],
    private readonly logger: Logger,
  ) {}

  get count(): number {
    return this.endpoints.length;
  }

  current(): EtcdEndpoint {
    const endpoint = this.endpoints[this.#current];
    if (endpoint === undefined) throw new RangeError('there is no etcd endpoint');
    return endpoint;
  }

  /** Moves on from `endpoint`, unless somebody else has done so already. */
  failed(endpoint: EtcdEndpoint, cause: Error): void {
    if (this.endpoints.length === 1 || this.current() !== endpoint) return;
    this.#current = (this.#current + 1) % this.endpoints.length;
    this.logger.warn({ failed: endpoint.url, next: this.current().url, cause: cause.message }, 'etcd endpoint changed');
  }

  close(): void {
    for (const endpoint of this.endpoints) endpoint.close();
  }
}
