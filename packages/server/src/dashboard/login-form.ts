import type { LoginCredentials } from '@taas/keystone';
import { badLogin } from './dashboard-error.js';

/** What somebody has filled in to log in. */
export interface LoginForm {
  readonly who: LoginCredentials;
  /** Name or id of the project to begin with; null for any. */
  readonly project: string | null;
}

type Fields = Readonly<Record<string, unknown>>;

/** More than a password, a name or an id in any Keystone has. */
const longest = 1024;

/** @throws DashboardError 400, which names the field and shows nothing of it */
export function parseLoginForm(body: Buffer): LoginForm {
  const fields = objectOf(body);
  const project = optional(fields, 'project');
  if (fields['application_credential_id'] !== undefined) {
    const id = needed(fields, 'application_credential_id');
    return { who: { kind: 'applicationCredential', id, secret: needed(fields, 'secret') }, project };
  }
  const userName = needed(fields, 'user');
  const userDomainName = optional(fields, 'domain') ?? 'Default';
  const password = needed(fields, 'password');
  return {
    who: { kind: 'password', userName, userDomainName, password, passcode: optional(fields, 'passcode') },
    project,
  };
}

/** Whom the guard counts for: two spellings that Keystone takes for one name are one. */
export const nameOf = (who: LoginCredentials): string =>
  who.kind === 'applicationCredential'
    ? `credential ${who.id}`
    : `user ${JSON.stringify([who.userDomainName.trim().toLowerCase(), who.userName.trim().toLowerCase()])}`;

/** For the log: enough to find somebody again, too little of a password that somebody has typed into the wrong field. */
export const toldName = (who: LoginCredentials): string => {
  const name = who.kind === 'applicationCredential' ? who.id : who.userName;
  return name.length > 4 ? `${name.slice(0, 4)}…` : name;
};

/** @throws DashboardError 400 */
export function parseProjectChoice(body: Buffer): string {
  return needed(objectOf(body), 'project_id');
}

function objectOf(body: Buffer): Fields {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body.toString('utf8'));
  } catch {
    throw badLogin('The request has no JSON.');
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
    throw badLogin('The request is no object.');
  return { ...parsed };
}

function optional(fields: Fields, name: string): string | null {
  const value = fields[name];
  if (value === undefined || value === null || value === '') return null;
  if (typeof value !== 'string' || value.length > longest)
    throw badLogin(`"${name}" is no text of at most ${longest} characters.`);
  return value;
}

function needed(fields: Fields, name: string): string {
  const value = optional(fields, name);
  if (value === null) throw badLogin(`"${name}" is missing.`);
  return value;
}
