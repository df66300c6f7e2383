export { InvalidTokenError, KeystoneUnavailableError, keystoneUnavailable } from './keystone-error.js';
export type { LoginCredentials } from './login/credentials.js';
export { createLogins, type LoggedIn, LoginRefusedError, type Logins } from './login/logins.js';
export type { KeystoneProject } from './login/projects.js';
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
