import { isLoopback } from '@taas/service';
import { type Authenticator, type Identity, UnauthenticatedError } from './authenticator.js';

/** Development mode on an address that others can reach: anybody could claim to be anybody. */
export class UnsafeListenError extends Error {
  override readonly name = 'UnsafeListenError';
}

/**
 * Believes the caller: X-Project-Id (required), X-User-Id, X-Roles (comma separated; `member` if absent). For
 * development on one machine only.
 * @throws UnsafeListenError unless `host` is a loopback address
 */
export function developmentAuthenticator(host: string, challenge: string): Authenticator {
  if (!isLoopback(host)) {
    throw new UnsafeListenError(
      `auth.mode development lets anybody be anybody, so listen.host must be a loopback address, not "${host}"`,
    );
  }
  return {
    challenge,
    warning: 'DEVELOPMENT MODE: callers are believed whatever project and role they name; never use it in production',
    authenticate: async (headers) => callerOf(headers),
  };
}

function callerOf(headers: Readonly<Record<string, string | string[] | undefined>>): Identity {
  const one = (name: string): string => {
    const value = headers[name];
    return (Array.isArray(value) ? value[0] : value)?.trim() ?? '';
  };
  const projectId = one('x-project-id');
  if (projectId === '') throw new UnauthenticatedError('the request names no project (X-Project-Id)');
  const named = one('x-roles')
    .split(',')
    .map((role) => role.trim().toLowerCase())
    .filter((role) => role !== '');
  const roles = withImplied(named.length > 0 ? named : ['member']);
  const userId = one('x-user-id');
  // What a token would say besides, so that a rule about it can be decided.
  const scope = { system_scope: null, domain_id: null, is_admin_project: true };
  const credentials = { user_id: userId, project_id: projectId, tenant_id: projectId, ...scope, roles };
  return { projectId, userId, token: null, credentials };
}

/** Keystone's default: an admin is a manager, who is a member, who is a reader. */
const ladder = ['admin', 'manager', 'member', 'reader'];

function withImplied(named: readonly string[]): string[] {
  const highest = ladder.findIndex((role) => named.includes(role));
  return [...new Set([...named, ...(highest < 0 ? [] : ladder.slice(highest))])];
}
