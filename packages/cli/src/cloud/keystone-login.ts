import { CliError } from '../exit-codes.js';
import type { Host } from '../host/host.js';
import { UnreachableError } from '../host/http.js';
import { type AuthFacts, type CloudConfig, isExposed } from './cloud-config.js';

/** A scoped token and where the services are. */
export interface Login {
  readonly token: string;
  /** Milliseconds since 1970. */
  readonly expires: number;
  readonly projectId: string | undefined;
  readonly catalogue: readonly CatalogueService[];
}

export interface CatalogueService {
  readonly type: string;
  readonly endpoints: readonly { readonly interface: string; readonly region: string; readonly url: string }[];
}

/**
 * Asks Keystone for a token of its version 3; warns where others can read what is sent.
 * @throws CliError unauthenticated, unreachable
 */
export async function logIn(host: Host, config: CloudConfig, timeoutMs: number): Promise<Login> {
  const { auth, trust, from } = config;
  const url = `${keystoneUrl(auth, from)}/auth/tokens`;
  const body = JSON.stringify({ auth: { identity: identity(config), ...scope(config) } });
  if (isExposed(url))
    host.terminal.err(`WARNING: ${new URL(url).origin} is not https: your password can be read on the way\n`);
  const headers = { 'content-type': 'application/json', accept: 'application/json' };
  const answer = await host
    .send({ method: 'POST', url, headers, body, trust, timeoutMs, signal: host.signal })
    .catch((error: unknown) => {
      if (error instanceof UnreachableError)
        throw new CliError('unreachable', `Keystone: ${error.message}`, { cause: error });
      throw error;
    });
  if (answer.status === 401)
    throw new CliError('unauthenticated', `Keystone does not take the credentials of ${from} (401)`);
  const token = answer.headers['x-subject-token'];
  if (answer.status !== 201 || token === undefined)
    throw new CliError('unreachable', `${url} answers ${answer.status}, not with a token; is auth_url right?`);
  return read(answer.body, token, host.clock.now());
}

function keystoneUrl(auth: AuthFacts, from: string): string {
  const given = auth['auth_url'];
  if (given === undefined) throw new CliError('unauthenticated', `${from} says no auth_url`);
  if (!URL.canParse(given)) throw new CliError('usage', `${from}: auth_url is no URL`);
  const url = given.replace(/\/+$/, '').replace(/\/v2\.0$/, '/v3');
  return /\/v3$/.test(url) ? url : `${url}/v3`;
}

function identity({ authType, auth, from }: CloudConfig): object {
  const need = (name: string): string => {
    const value = auth[name];
    if (value === undefined) throw new CliError('unauthenticated', `${from} says no ${name}`);
    return value;
  };
  switch (authType) {
    case 'token':
      return { methods: ['token'], token: { id: need('token') } };
    case 'application_credential': {
      const id = auth['application_credential_id'];
      const secret = need('application_credential_secret');
      const named = id === undefined ? { name: need('application_credential_name'), user: user(auth, need) } : { id };
      return { methods: ['application_credential'], application_credential: { ...named, secret } };
    }
    default:
      return { methods: ['password'], password: { user: { ...user(auth, need), password: need('password') } } };
  }
}

function user(auth: AuthFacts, need: (name: string) => string): object {
  const id = auth['user_id'];
  return id === undefined ? { name: need('username'), domain: domain(auth, 'user_domain') } : { id };
}

function domain(auth: AuthFacts, of: 'user_domain' | 'project_domain'): object {
  const id = auth[`${of}_id`] ?? auth['domain_id'];
  const name = auth[`${of}_name`] ?? auth['domain_name'];
  if (id !== undefined) return { id };
  return name === undefined ? { id: auth['default_domain'] ?? 'default' } : { name };
}

/** An application credential has its scope already, and Keystone refuses another. */
function scope({ authType, auth }: CloudConfig): object {
  if (authType === 'application_credential') return {};
  if (auth['system_scope'] !== undefined) return { scope: { system: { all: true } } };
  const { project_id: id, project_name: name } = auth;
  if (id !== undefined) return { scope: { project: { id } } };
  if (name !== undefined) return { scope: { project: { name, domain: domain(auth, 'project_domain') } } };
  return {};
}

interface TokenBody {
  readonly token?: {
    readonly expires_at?: unknown;
    readonly project?: { readonly id?: unknown };
    readonly catalog?: unknown;
  };
}

function read(body: string, token: string, now: number): Login {
  let parsed: TokenBody;
  try {
    parsed = JSON.parse(body) as TokenBody;
  } catch {
    throw new CliError('unreachable', 'Keystone answers with something that is not JSON');
  }
  const { expires_at, project, catalog } = parsed.token ?? {};
  const expires = Date.parse(String(expires_at));
  return {
    token,
    expires: Number.isNaN(expires) ? now : expires,
    projectId: typeof project?.id === 'string' ? project.id : undefined,
    catalogue: Array.isArray(catalog) ? catalog.flatMap(service) : [],
  };
}

function service(given: unknown): CatalogueService[] {
  const { type, endpoints } = (given ?? {}) as Record<string, unknown>;
  if (typeof type !== 'string' || !Array.isArray(endpoints)) return [];
  return [
    {
      type,
      endpoints: endpoints.flatMap((each: unknown) => {
        const { url, interface: side, region, region_id } = (each ?? {}) as Record<string, unknown>;
        return typeof url === 'string'
          ? [{ url, interface: String(side), region: String(region ?? region_id ?? '') }]
          : [];
      }),
    },
  ];
}
