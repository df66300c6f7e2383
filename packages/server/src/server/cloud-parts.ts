import { createPortLookup } from '@taas/neutron';
import type { Clock, Logger } from '@taas/service';
import { type Authenticator, closedAuthenticator } from '../auth/authenticator.js';
import { developmentAuthenticator } from '../auth/development.js';
import { keystoneAuthenticator } from '../auth/keystone.js';
import { openKeystone, openNeutron } from '../cloud.js';
import type { ServerConfig } from '../config.js';
import { neutronBehind } from '../front/neutron-behind.js';
import type { ServerFiles } from '../server-files.js';

export interface CloudPartsDeps {
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
}

export type CloudParts = ReturnType<typeof cloudParts>;

/**
 * Keystone and Neutron as this server asks them; null where it has none.
 * @throws UnsafeListenError for development mode on an address that others can reach
 */
export function cloudParts(config: ServerConfig, files: ServerFiles, { clock, random, logger }: CloudPartsDeps) {
  const { auth, neutron: given } = config;
  const deps = { clock, random, logger };
  const challenge = `Keystone uri="${auth.www_authenticate_uri}"`;
  const keystone = files.credentials ? openKeystone(auth.keystone, files.credentials, files.keystoneCa, deps) : null;
  const neutron =
    keystone && given.url !== '' ? openNeutron(given, keystone.serviceTokens, files.neutronCa, deps) : null;
  return {
    authenticator: keystone
      ? keystoneAuthenticator(keystone.validator, challenge)
      : authenticatorWithout(config, challenge),
    /** For people, at the dashboard. */
    logins: keystone?.logins ?? null,
    /** Who is asked about ports and networks, and how often. */
    neutron: neutron && { client: neutron.client, pollMs: given.poll_ms },
    /** Whose ports are, for callers. */
    lookup: neutron && createPortLookup({ client: neutron.client, clock, maxAgeMs: given.port_cache_ms }),
    /** What is not TaaS goes there. */
    behind: neutron && given.pass_through ? neutronBehind(given, neutron.client, files.neutronCa) : null,
    close(): void {
      neutron?.http.close();
      keystone?.http.close();
    },
  };
}

function authenticatorWithout(config: ServerConfig, challenge: string): Authenticator {
  if (config.auth.mode === 'development') return developmentAuthenticator(config.listen.host, challenge);
  return closedAuthenticator(challenge);
}
