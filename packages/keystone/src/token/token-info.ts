/** What Keystone says of a token. Never the token itself. */
export interface TokenInfo {
  readonly userId: string;
  readonly userName: string;
  readonly userDomainId: string | null;
  /** Null for a token without scope, or of a domain or the system. */
  readonly projectId: string | null;
  readonly projectName: string | null;
  readonly projectDomainId: string | null;
  /** The domain that the token is for; null for another scope. */
  readonly domainId: string | null;
  /** Whether the token is for the whole system. */
  readonly system: boolean;
  readonly roles: readonly string[];
  /** Keystone leaves it out unless an admin project is configured; then every project counts as one. */
  readonly isAdminProject: boolean;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
  readonly applicationCredential: ApplicationCredential | null;
  /** Identifies the token in Keystone's audit records, and may be logged. */
  readonly auditId: string | null;
}

export interface ApplicationCredential {
  readonly id: string;
  readonly name: string;
  readonly restricted: boolean;
  /** The only requests that it is good for; null if it is not limited so. */
  readonly accessRules: readonly AccessRule[] | null;
}

export interface AccessRule {
  readonly service: string;
  readonly method: string;
  /** `*` stands for one segment, `**` for any number, `{name}` for one. */
  readonly path: string;
}

/** An answer of Keystone's that is not what its API promises. */
export class MalformedTokenError extends Error {
  override readonly name = 'MalformedTokenError';
}

type Fields = Readonly<Record<string, unknown>>;

/**
 * Reads the body of `GET /v3/auth/tokens` (or of the POST).
 * @throws MalformedTokenError
 */
export function parseTokenInfo(body: string): TokenInfo {
  const token = object(object(json(body), 'the answer')['token'], 'token');
  const user = object(token['user'], 'token.user');
  const project = optional(token['project'], 'token.project');
  const domain = optional(token['domain'], 'token.domain');
  const system = optional(token['system'], 'token.system');
  return {
    userId: text(user['id'], 'token.user.id'),
    userName: typeof user['name'] === 'string' ? user['name'] : '',
    userDomainId: idOf(user['domain']),
    projectId: project === null ? null : text(project['id'], 'token.project.id'),
    projectName: project === null || typeof project['name'] !== 'string' ? null : project['name'],
    projectDomainId: project === null ? null : idOf(project['domain']),
    domainId: domain === null ? null : text(domain['id'], 'token.domain.id'),
    system: system?.['all'] === true,
    roles: list(token['roles'] ?? [], 'token.roles').map((role) =>
      text(object(role, 'token.roles[]')['name'], 'token.roles[].name'),
    ),
    isAdminProject: token['is_admin_project'] !== false,
    expiresAt: time(token['expires_at'], 'token.expires_at'),
    applicationCredential: credentialOf(optional(token['application_credential'], 'token.application_credential')),
    auditId:
      Array.isArray(token['audit_ids']) && typeof token['audit_ids'][0] === 'string' ? token['audit_ids'][0] : null,
  };
}

function credentialOf(fields: Fields | null): ApplicationCredential | null {
  if (fields === null) return null;
  const rules = fields['access_rules'] ?? null;
  return {
    id: text(fields['id'], 'token.application_credential.id'),
    name: typeof fields['name'] === 'string' ? fields['name'] : '',
    restricted: fields['restricted'] !== false,
    accessRules: rules === null ? null : list(rules, 'access_rules').map(accessRule),
  };
}

function accessRule(value: unknown): AccessRule {
  const rule = object(value, 'access_rules[]');
  return {
    service: text(rule['service'], 'access_rules[].service'),
    method: text(rule['method'], 'access_rules[].method'),
    path: text(rule['path'], 'access_rules[].path'),
  };
}

function json(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch (cause) {
    throw new MalformedTokenError('the answer is not JSON', { cause });
  }
}

function object(value: unknown, what: string): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
  throw new MalformedTokenError(`${what} is not an object`);
}

function optional(value: unknown, what: string): Fields | null {
  return value === undefined || value === null ? null : object(value, what);
}

function list(value: unknown, what: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new MalformedTokenError(`${what} is not a list`);
}

function text(value: unknown, what: string): string {
  if (typeof value === 'string' && value !== '') return value;
  throw new MalformedTokenError(`${what} is not a text`);
}

function time(value: unknown, what: string): number {
  const at = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(at)) throw new MalformedTokenError(`${what} is not a time`);
  return at;
}

function idOf(value: unknown): string | null {
  const id = typeof value === 'object' && value !== null ? (value as Fields)['id'] : null;
  return typeof id === 'string' ? id : null;
}
