import { isBeating, prefixes, signedBy } from '@taas/model';
import { ConfigError } from '@taas/service';
import { createTrust, etcdToCheck, type OpenEtcdDeps, openSigning, type Store, type Trust } from '@taas/store';
import type { AgentConfig } from './config.js';

/**
 * What an agent believes of what its node is told: what a server has signed where that is configured, else what stands in an etcd
 * that asks who writes.
 * @param source names the configuration in an error
 * @throws ConfigError for keys and certificates that are of no use
 */
export function openAgentTrust(config: AgentConfig, source: string, store: Store, deps: OpenEtcdDeps): Trust {
  const { node, etcd, signing } = config;
  const desk = openSigning(signing, source, deps);
  if (desk?.own && desk.own.commonName !== node)
    throw new ConfigError(source, [
      `option "signing.cert_file": the certificate is of ${desk.own.commonName}, and this node is ${node}`,
    ]);
  const protectedBySignatures = desk !== null && !signing.accept_unsigned;
  const checked = !protectedBySignatures && !etcd.allow_unprotected;
  return createTrust({
    ...deps,
    ...{ store, isBeating, ownerOf: signedBy, self: { is: 'node', node }, controllers: null },
    toCheck: checked ? [etcdToCheck(etcd, { at: 'etcd', api: 'v3', signing: 'signing' }, source, deps)] : [],
    warnings: protectedBySignatures || checked ? [] : [unprotectedWarning],
    prefixes: [prefixes.stateTaas(node)],
    ours: desk && { desk, serverNames: signing.server_names },
  });
}

const unprotectedWarning =
  'UNPROTECTED ETCD: etcd.allow_unprotected is set, so nobody has checked who may write there; whoever can may have any port ' +
  'of this node copied anywhere';
