import { ProxyError, TrustedProxies } from '@taas/gateway';
import { group, isLoopback, portOption } from '@taas/service';
import Type, { type Static } from 'typebox';

/** Where the API listens, and to how many. */
export const listenOptions = group(
  {
    host: Type.String({ default: '127.0.0.1', description: 'Address that the API listens on.' }),
    port: portOption(9697, 'TCP port of the API'),
    tls_cert_file: Type.String({
      default: '',
      description: 'PEM certificate chain; with it the API speaks TLS only.',
    }),
    tls_key_file: Type.String({ default: '', description: 'PEM key of the certificate.' }),
    trusted_proxies: Type.Array(Type.String(), {
      default: [],
      description:
        'Addresses or subnets (CIDR) of the proxies in front, such as HAProxy: only their X-Forwarded-For says who the client ' +
        'is. Without them, all clients behind a proxy count as one.',
    }),
    max_connections: Type.Integer({
      default: 8192,
      minimum: 0,
      maximum: 1_000_000,
      description: 'Connections at a time; 0 for no limit.',
    }),
    connections_per_client: Type.Integer({
      default: 512,
      minimum: 0,
      maximum: 1_000_000,
      description:
        'Of which from one address (IPv6: from one /64) that is no trusted proxy; 0 for no limit. More are closed at once.',
    }),
  },
  'The API.',
);

export type ListenConfig = Static<typeof listenOptions>;

/** What a schema cannot say of them. */
export function listenProblems({
  tls_cert_file: cert,
  tls_key_file: key,
  trusted_proxies: proxies,
}: ListenConfig): string[] {
  const pair = (cert === '') === (key === '') ? [] : ['option "listen": tls_cert_file and tls_key_file go together'];
  return [...pair, ...proxyProblems(proxies)];
}

/** What is allowed and not safe, for the log at the start. */
export function listenWarnings({ tls_cert_file: cert, host }: ListenConfig): string[] {
  if (cert !== '' || isLoopback(host)) return [];
  return [
    `listen: the API speaks HTTP without TLS on ${host}, so that tokens can be read on their way; set tls_cert_file and tls_key_file, or put a proxy with TLS in front and listen on a loopback address`,
  ];
}

function proxyProblems(proxies: readonly string[]): string[] {
  try {
    new TrustedProxies(proxies);
    return [];
  } catch (error) {
    if (!(error instanceof ProxyError)) throw error;
    return [`option "listen.trusted_proxies": ${error.message}`];
  }
}
