import type { IncomingHttpHeaders } from 'node:http';

/** Who asks, as far as the API cares. */
export interface Caller {
  readonly projectId: string;
  readonly userId: string;
  readonly roles: readonly string[];
  /** Sees and changes the taps of all projects. */
  readonly isAdmin: boolean;
}

/** Nobody that the server knows. Answered as keystonemiddleware does. */
export class UnauthenticatedError extends Error {
  override readonly name = 'UnauthenticatedError';
}

export interface Authenticator {
  /** For the WWW-Authenticate header of a 401. */
  readonly challenge: string;
  /** What an operator must be told about the mode of authentication, or null. */
  readonly warning: string | null;
  /** @throws UnauthenticatedError */
  authenticate(headers: IncomingHttpHeaders): Promise<Caller>;
}

/** Whether a role may create, change and delete; the others may only look. */
export function mayWrite(caller: Caller): boolean {
  return caller.isAdmin || caller.roles.some((role) => role === 'member' || role === 'manager');
}

/** Lets nobody in: what a server does until an operator has chosen a way to authenticate. */
export function closedAuthenticator(challenge: string): Authenticator {
  return {
    challenge,
    warning: 'authentication is closed: every request is answered 401 until auth.mode is configured',
    authenticate: () => Promise.reject(new UnauthenticatedError('the server is closed (auth.mode: closed)')),
  };
}
