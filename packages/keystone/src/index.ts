export { type HttpClient, HttpError, type HttpRequest, type HttpResponse } from './http/http-client.js';
export { createNodeHttpClient, type NodeHttpOptions } from './http/node-http-client.js';
export { InvalidTokenError, KeystoneUnavailableError, keystoneUnavailable } from './keystone-error.js';
export { LruMap } from './lru-map.js';
export { accessRulesAllow, type RequestFacts } from './token/access-rules.js';
export { policyCredentials } from './token/policy-credentials.js';
export {
  createServiceTokenSource,
  type ServiceCredentials,
  type ServiceTokenOptions,
  type ServiceTokenSource,
} from './token/service-token.js';
export type { AccessRule, ApplicationCredential, TokenInfo } from './token/token-info.js';
export {
  createTokenValidator,
  type TokenCacheLimits,
  type TokenValidator,
  type TokenValidatorOptions,
} from './token/token-validator.js';
export { createSharedCalls, type SharedCalls } from './upstream/shared-calls.js';
export {
  createUpstream,
  defaultUpstreamLimits,
  type UnavailableErrorFactory,
  type Upstream,
  type UpstreamLimits,
  type UpstreamOptions,
  UpstreamUnavailableError,
} from './upstream/upstream.js';
