import {
  createLogins,
  createServiceTokenSource,
  createTokenValidator,
  keystoneUnavailable,
  type Logins,
  type ServiceCredentials,
  type ServiceTokenSource,
  type TokenValidator,
} from '@taas/keystone';
import { createNeutronClient, type NeutronClient, neutronUnavailable } from '@taas/neutron';
import type { Clock, Logger, Watched } from '@taas/service';
import { createHttpClient, createUpstream, defaultUpstreamLimits, type HttpClient } from '@taas/upstream';
import type { KeystoneConfig } from './auth/auth-options.js';
import type { NeutronConfig } from './config-cloud.js';

export interface CloudDeps {
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
}

export interface KeystoneParts {
  readonly validator: TokenValidator;
  readonly serviceTokens: ServiceTokenSource;
  /** For people, at the dashboard. */
  readonly logins: Logins;
  readonly http: HttpClient;
}

/** Of log-ins and all else that people do at the dashboard: it never stands before the tokens that are looked at for everybody. */
const loginTurns = { maxConcurrent: 6, maxQueued: 64 };

/**
 * @param credentials who we are to Keystone
 * @param ca the authorities to trust; the system's if undefined
 */
export function openKeystone(
  config: Pick<KeystoneConfig, 'url' | 'timeout_ms' | 'token_cache_ms' | 'token_cache_size'>,
  credentials: Watched<ServiceCredentials>,
  ca: Watched<Buffer> | undefined,
  deps: CloudDeps,
): KeystoneParts {
  const logger = deps.logger.child({ part: 'keystone' });
  const common = { ...deps, logger };
  const http = createHttpClient(ca === undefined ? {} : { ca });
  const limits = { ...defaultUpstreamLimits, timeoutMs: config.timeout_ms };
  const toKeystone = { ...common, name: 'Keystone', baseUrl: config.url.replace(/\/+$/, ''), http };
  const keystone = createUpstream({ ...toKeystone, limits, unavailable: keystoneUnavailable });
  const forPeople = createUpstream({
    ...toKeystone,
    limits: { ...limits, ...loginTurns },
    unavailable: keystoneUnavailable,
  });
  const serviceTokens = createServiceTokenSource({ ...common, keystone, credentials });
  const validator = createTokenValidator({
    keystone,
    serviceTokens,
    clock: deps.clock,
    logger,
    cache: {
      maxAgeMs: config.token_cache_ms,
      refreshAfterMs: config.token_cache_ms / 2,
      maxTokens: config.token_cache_size,
      maxInvalidTokens: config.token_cache_size,
    },
  });
  return { validator, serviceTokens, logins: createLogins(forPeople), http };
}

/** @param ca the authorities to trust; the system's if undefined */
export function openNeutron(
  config: NeutronConfig,
  serviceTokens: ServiceTokenSource,
  ca: Watched<Buffer> | undefined,
  deps: CloudDeps,
): { readonly client: NeutronClient; readonly http: HttpClient } {
  const logger = deps.logger.child({ part: 'neutron' });
  const http = createHttpClient(ca === undefined ? {} : { ca });
  const neutron = createUpstream({
    ...{ ...deps, logger, name: 'Neutron', baseUrl: config.url.replace(/\/+$/, ''), http },
    limits: { ...defaultUpstreamLimits, timeoutMs: config.timeout_ms },
    unavailable: neutronUnavailable,
  });
  return { client: createNeutronClient({ neutron, serviceTokens }), http };
}
