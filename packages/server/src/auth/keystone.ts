import {
  accessRulesAllow,
  InvalidTokenError,
  policyCredentials,
  type TokenInfo,
  type TokenValidator,
} from '@taas/keystone';
import { type Authenticator, type Identity, UnauthenticatedError } from './authenticator.js';

/**
 * Asks Keystone who a token is, as keystonemiddleware does. Headers in which a caller names roles or projects mean
 * nothing here.
 */
export function keystoneAuthenticator(validator: TokenValidator, challenge: string): Authenticator {
  return {
    challenge,
    warning: null,
    authenticate: async (headers, asked, signal) => {
      const given = headers['x-auth-token'];
      const token = (Array.isArray(given) ? given[0] : given)?.trim() ?? '';
      if (token === '') throw new UnauthenticatedError('the request has no token');
      let info: TokenInfo;
      try {
        info = await validator.validate(token, signal, asked.client);
      } catch (cause) {
        if (cause instanceof InvalidTokenError) throw new UnauthenticatedError(cause.message, { cause });
        throw cause;
      }
      if (!accessRulesAllow(info, { service: 'network', method: asked.method, path: asked.path })) {
        throw new UnauthenticatedError("the application credential's access rules do not allow the request");
      }
      return identityOf(info, token);
    },
    known: (token) => validator.known(token),
    forget: (token) => validator.forget(token),
  };
}

function identityOf(info: TokenInfo, token: string): Identity {
  return { projectId: info.projectId ?? '', userId: info.userId, token, credentials: policyCredentials(info) };
}
