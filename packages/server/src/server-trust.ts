import { isBeating, prefixes, signedBy } from '@taas/model';
import { ConfigError } from '@taas/service';
import {
  createTrust,
  type EtcdToCheck,
  etcdToCheck,
  matchesAny,
  type OpenEtcdDeps,
  openControllerSigning,
  openSigning,
  type Store,
  type Trust,
} from '@taas/store';
import type { ServerConfig } from './config.js';
import { networkingVppEtcd } from './config-networking-vpp.js';

/**
 * What a server believes of what stands in etcd: what is signed where that is configured, else what stands in an etcd that asks who
 * writes; in development mode everything.
 * @param source names the configuration in an error
 * @throws ConfigError for keys and certificates that are of no use
 */
export function openServerTrust(config: ServerConfig, source: string, store: Store, deps: OpenEtcdDeps): Trust {
  const desk = openSigning(config.signing, source, deps);
  const controllerDesk = openControllerSigning(config.networking_vpp.signing, source, deps);
  const { server_names: serverNames } = config.signing;
  const { controller_names: names } = config.networking_vpp.signing;
  if (desk?.own && !matchesAny(serverNames, desk.own.commonName))
    throw new ConfigError(source, [
      `option "signing.server_names" does not fit ${desk.own.commonName}, of whom the certificate of signing.cert_file is`,
    ]);
  const { toCheck, warnings } = unsigned(config, source, deps);
  return createTrust({
    ...deps,
    ...{ store, toCheck, warnings, isBeating, ownerOf: signedBy, self: { is: 'server' } },
    prefixes: [prefixes.api, prefixes.nodes],
    ours: desk && { desk, serverNames },
    controllers: controllerDesk && { desk: controllerDesk, names },
  });
}

/** Each etcd whose values are believed without a signature. */
function unsigned(config: ServerConfig, source: string, deps: OpenEtcdDeps) {
  const { etcd, signing, networking_vpp: networkingVpp, auth } = config;
  const toCheck: EtcdToCheck[] = [];
  const warnings: string[] = [];
  if (auth.mode === 'development') return { toCheck, warnings };
  const look = (api: 'v2' | 'v3', at: string, allowed: boolean, of: typeof etcd, option: string) => {
    if (!allowed) toCheck.push(etcdToCheck(of, { at, api, signing: option }, source, deps));
    else warnings.push(unprotectedWarning(at, api));
  };
  const bindingsSigned = networkingVpp.signing.ca_files.length > 0;
  const oursSigned = signing.cert_file !== '' && !signing.accept_unsigned;
  if (!oursSigned) look('v3', 'etcd', etcd.allow_unprotected, etcd, 'signing');
  else if (networkingVpp.bindings === 'etcd-v3' && !bindingsSigned)
    look('v3', 'etcd', etcd.allow_unprotected, etcd, 'networking_vpp.signing');
  if (networkingVpp.bindings === 'etcd-v2' && !bindingsSigned) {
    const { etcd: theirs, at } = networkingVppEtcd(config);
    look('v2', at, theirs.allow_unprotected, theirs, 'networking_vpp.signing');
  }
  return { toCheck, warnings };
}

export const unprotectedWarning = (at: string, api: string): string =>
  `UNPROTECTED ETCD: ${at}.allow_unprotected is set, so nobody has checked who may write to its ${api} store; whoever can may ` +
  'have any port copied anywhere';
