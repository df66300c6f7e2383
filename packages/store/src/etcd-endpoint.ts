import { type Client, createClient } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { type ConnectionOptions, EtcdConnection } from './etcd-connection.js';
import { EtcdTransport } from './etcd-transport.js';
import { Auth, KV, Lease, Maintenance, Watch } from './generated/etcd_pb.js';

/** One server of the cluster, with a connection that is opened when it is first needed. */
export interface EtcdEndpoint {
  readonly url: string;
  readonly kv: Client<typeof KV>;
  readonly watch: Client<typeof Watch>;
  readonly lease: Client<typeof Lease>;
  readonly auth: Client<typeof Auth>;
  readonly maintenance: Client<typeof Maintenance>;
  /** Breaks the connection unless a ping is answered. */
  probe(): void;
  close(): void;
}

/** An HTTP/2 connection to one etcd server, and etcd's services on it. */
export function connectEndpoint(url: string, options: ConnectionOptions): EtcdEndpoint {
  const connection = new EtcdConnection(url, options);
  // etcd never compresses; offering it would only cost headers.
  const streaming = createGrpcTransport({ baseUrl: url, sessionManager: connection, acceptCompression: [] });
  const transport = new EtcdTransport(connection, streaming);
  return {
    url,
    kv: createClient(KV, transport),
    watch: createClient(Watch, transport),
    lease: createClient(Lease, transport),
    auth: createClient(Auth, transport),
    maintenance: createClient(Maintenance, transport),
    probe: () => connection.probe(),
    close: () => connection.close(),
  };
}
