import type { IncomingHttpHeaders } from 'node:http';
import type { Credentials } from '@taas/policy';

/** Who asks, as the authenticator knows them. */
export interface Identity {
  /** Empty for a token that is for no project. */
  readonly projectId: string;
  readonly userId: string;
  /** The token that the caller has shown, to ask Neutron in their name; null if there is none. Never logged. */
  readonly token: string | null;
  /** In the words of policy rules. */
  readonly credentials: Credentials;
}

/** Who asks, and what the policy makes of them. */
export interface Caller extends Identity {
  /** Administers the cloud: whoever passes `context_is_admin`. */
  readonly isAdmin: boolean;
  /** Sees and changes the taps of all projects, as far as the rules let them: the admin, services, who has global access. */
  readonly seesAllProjects: boolean;
  /** May make something for another project than the token's. */
  readonly mayNameProject: boolean;
}

/** Nobody that the server knows. Answered as keystonemiddleware does. */
export class UnauthenticatedError extends Error {
  override readonly name = 'UnauthenticatedError';
}

/** What is asked for, as far as it decides whether a token is good for it. */
export interface AskedFor {
  readonly method: string;
  /** As the client sent it, without query. */
  readonly path: string;
  /** Who asks, as far as that is known without a token: an address, or the network of one. */
  readonly client?: string;
}

export interface Authenticator {
  /** For the WWW-Authenticate header of a 401. */
  readonly challenge: string;
  /** What an operator must be told about the mode of authentication, or null. */
  readonly warning: string | null;
  /** @throws UnauthenticatedError; UpstreamUnavailableError if whoever knows the callers cannot be asked */
  authenticate(headers: IncomingHttpHeaders, asked: AskedFor, signal: AbortSignal): Promise<Identity>;
  /** The project of a token that was good when it was last asked for; null for a stranger's. Asks nobody. */
  known?(token: string): string | null;
  /** To be told that another service does not accept a token (any more): the next check must not be from memory. */
  forget?(token: string): void;
}

/** Lets nobody in: what a server does until an operator has chosen a way to authenticate. */
export function closedAuthenticator(challenge: string): Authenticator {
  return {
    challenge,
    warning: 'authentication is closed: every request is answered 401 until auth.mode is configured',
    authenticate: () => Promise.reject(new UnauthenticatedError('the server is closed (auth.mode: closed)')),
  };
}
