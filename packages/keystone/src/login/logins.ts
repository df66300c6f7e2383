import type { HttpResponse, Upstream } from '@taas/upstream';
import { keystoneUnavailable } from '../keystone-error.js';
import { MalformedTokenError, parseTokenInfo, type TokenInfo } from '../token/token-info.js';
import { type LoginCredentials, loginRequest, scopeRequest } from './credentials.js';
import { type KeystoneProject, parseProjects } from './projects.js';

/** Keystone does not let them in: a 401 of ours. Never says what of it was wrong, which Keystone does not say either. */
export class LoginRefusedError extends Error {
  override readonly name = 'LoginRefusedError';

  constructor(
    message: string,
    /** Keystone has taken the password, and wants another factor besides. */
    readonly needsPasscode: boolean,
  ) {
    super(message);
  }
}

export interface LoggedIn {
  readonly token: string;
  readonly info: TokenInfo;
}

/** Tokens for people, as they log in; each call asks Keystone. */
export interface Logins {
  /** @throws LoginRefusedError; KeystoneUnavailableError; the signal's reason */
  logIn(who: LoginCredentials, signal: AbortSignal): Promise<LoggedIn>;
  /** A token for a project by another token of the same person. @throws as {@link logIn} */
  scope(token: string, projectId: string, signal: AbortSignal): Promise<LoggedIn>;
  /** The enabled projects in which the person of a token has a role, by name. @throws as {@link logIn} */
  projects(token: string, signal: AbortSignal): Promise<readonly KeystoneProject[]>;
  /** Makes a token worthless. @throws KeystoneUnavailableError; the signal's reason */
  revoke(token: string, signal: AbortSignal): Promise<void>;
}

/** What node would send as a header's value. */
const tokenForm = /^[\x21-\x7e]{1,8192}$/;

export function createLogins(keystone: Upstream): Logins {
  const issue = async (body: unknown, signal: AbortSignal): Promise<LoggedIn> => {
    const response = await keystone.request('/auth/tokens?nocatalog', {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify(body),
      signal,
    });
    refuse(response);
    const token = response.headers['x-subject-token'] ?? '';
    if (response.status !== 201 || !tokenForm.test(token)) throw unexpected(response.status, 'a log-in');
    try {
      return { token, info: parseTokenInfo(response.body) };
    } catch (cause) {
      if (!(cause instanceof MalformedTokenError)) throw cause;
      throw keystoneUnavailable('bad-answer', `its answer to a log-in: ${cause.message}`, null, { cause });
    }
  };

  return {
    logIn: (who, signal) => issue(loginRequest(who), signal),
    scope: (token, projectId, signal) => issue(scopeRequest(token, projectId), signal),
    projects: async (token, signal) => {
      const headers = { accept: 'application/json', 'x-auth-token': token };
      const response = await keystone.request('/auth/projects', { method: 'GET', headers, signal });
      refuse(response);
      if (response.status !== 200) throw unexpected(response.status, 'a question for projects');
      return parseProjects(response.body);
    },
    revoke: async (token, signal) => {
      const headers = { 'x-auth-token': token, 'x-subject-token': token };
      const { status } = await keystone.request('/auth/tokens', { method: 'DELETE', headers, signal });
      // What it does not know any more is as worthless.
      if (![204, 401, 404].includes(status)) throw unexpected(status, 'the revocation of a token');
    },
  };
}

/** 400 is for names and passwords that Keystone would never take. @throws LoginRefusedError */
function refuse({ status, headers }: HttpResponse): void {
  if (status !== 400 && status !== 401 && status !== 403) return;
  const needsPasscode = status === 401 && headers['openstack-auth-receipt'] !== undefined;
  throw new LoginRefusedError(`Keystone answers ${status} to the log-in`, needsPasscode);
}

const unexpected = (status: number, what: string) =>
  keystoneUnavailable('bad-answer', `it answers ${status} to ${what}`, null);
