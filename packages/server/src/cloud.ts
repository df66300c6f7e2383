import { readFileSync } from 'node:fs';
import {
  createNodeHttpClient,
  createServiceTokenSource,
  createTokenValidator,
  createUpstream,
  defaultUpstreamLimits,
  type HttpClient,
  keystoneUnavailable,
  type ServiceCredentials,
  type ServiceTokenSource,
  type TokenValidator,
} from '@taas/keystone';
import { createNeutronClient, type NeutronClient, neutronUnavailable } from '@taas/neutron';
import type { Clock, Logger } from '@taas/service';
import type { KeystoneConfig, NeutronConfig } from './config-cloud.js';

export interface CloudDeps {
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
}

export interface KeystoneParts {
  readonly validator: TokenValidator;
  readonly serviceTokens: ServiceTokenSource;
  readonly http: HttpClient;
}

/** @throws the file system's error if a secret or the CA cannot be read */
export function openKeystone(config: KeystoneConfig, deps: CloudDeps): KeystoneParts {
  const logger = deps.logger.child({ part: 'keystone' });
  const common = { ...deps, logger };
  const http = createNodeHttpClient(config.ca_file === '' ? {} : { caFile: config.ca_file });
  const keystone = createUpstream({
    ...common,
    name: 'Keystone',
    baseUrl: config.url.replace(/\/+$/, ''),
    http,
    limits: { ...defaultUpstreamLimits, timeoutMs: config.timeout_ms },
    unavailable: keystoneUnavailable,
  });
  const serviceTokens = createServiceTokenSource({ ...common, keystone, credentials: credentialsOf(config) });
  const validator = createTokenValidator({
    ...{ keystone, serviceTokens, clock: deps.clock, logger },
    cache: {
      maxAgeMs: config.token_cache_ms,
      refreshAfterMs: config.token_cache_ms / 2,
      maxTokens: config.token_cache_size,
      maxInvalidTokens: config.token_cache_size,
    },
  });
  return { validator, serviceTokens, http };
}

/** @throws the file system's error if the CA cannot be read */
export function openNeutron(
  config: NeutronConfig,
  serviceTokens: ServiceTokenSource,
  deps: CloudDeps,
): { readonly client: NeutronClient; readonly http: HttpClient } {
  const logger = deps.logger.child({ part: 'neutron' });
  const http = createNodeHttpClient(config.ca_file === '' ? {} : { caFile: config.ca_file });
  const neutron = createUpstream({
    ...{ ...deps, logger, name: 'Neutron', baseUrl: config.url.replace(/\/+$/, ''), http },
    limits: { ...defaultUpstreamLimits, timeoutMs: config.timeout_ms },
    unavailable: neutronUnavailable,
  });
  return { client: createNeutronClient({ neutron, serviceTokens }), http };
}

function credentialsOf(config: KeystoneConfig): ServiceCredentials {
  const secret = (file: string) => readFileSync(file, 'utf8').trim();
  if (config.application_credential_id !== '') {
    return {
      kind: 'applicationCredential',
      id: config.application_credential_id,
      secret: secret(config.application_credential_secret_file),
    };
  }
  return {
    kind: 'password',
    userName: config.user_name,
    userDomainName: config.user_domain_name,
    password: secret(config.password_file),
    projectName: config.project_name,
    projectDomainName: config.project_domain_name,
  };
}
