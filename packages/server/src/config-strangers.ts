import { ProxyError, TrustedProxies } from '@taas/gateway';
import { group } from '@taas/service';
import Type from 'typebox';

/** Options of `listen` besides where it is. */
export const listenLimitOptions = {
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
};

/** What may be asked without a token that is known here. */
export const strangerOptions = group(
  {
    per_second: Type.Number({
      default: 100,
      minimum: 0,
      maximum: 100_000,
      description:
        'Such requests a second from one client address (IPv6: from one /64), to each server; 0 for no limit.',
    }),
    burst: Type.Integer({
      default: 400,
      minimum: 1,
      maximum: 100_000,
      description: 'Such requests at once after a rest.',
    }),
    concurrent: Type.Integer({
      default: 128,
      minimum: 0,
      maximum: 100_000,
      description: 'Such requests in progress at a time from one client address; 0 for no limit.',
    }),
  },
  'Requests without a token, or with one that neither Keystone nor Neutron has accepted lately, in auth.mode keystone: they ' +
    'have a share of their own of everything, so that those who are known do not notice them.',
);

/** What a schema cannot say of the list. */
export function proxyProblems(proxies: readonly string[]): string[] {
  try {
    new TrustedProxies(proxies);
    return [];
  } catch (error) {
    if (!(error instanceof ProxyError)) throw error;
    return [`option "listen.trusted_proxies": ${error.message}`];
  }
}
