import { gzipSync } from 'node:zlib';
import { type LoggedIn, type LoginCredentials, LoginRefusedError, type Logins, type TokenInfo } from '@taas/keystone';
import { createPolicy, defaultRules } from '@taas/policy';
import { type Clock, fixed, type LogFields, type Logger, systemClock } from '@taas/service';
import { createEmbeddedStore } from '@taas/store/testing';
import { UpstreamUnavailableError } from '@taas/upstream';
import { type Authenticator, UnauthenticatedError } from '../auth/authenticator.js';
import { defaultPolicy, Replica } from '../test-cloud.suite.js';
import { type LoginLimits, usualLoginLimits } from './login-guard.js';
import { openDashboard } from './open-dashboard.js';
import type { PageFiles } from './page-files.js';
import type { SsoOptions } from './websso.js';

/** A Keystone of a few people, who have the password `right`; a token is `kind:user:project#number`. */
export class People implements Logins, Authenticator {
  readonly challenge = 'Keystone uri="http://127.0.0.1:5000"';
  readonly warning = null;
  /** Tokens that we have revoked, without their numbers. */
  readonly revoked = new Set<string>();
  readonly #ended = new Set<string>();
  #tokens = 0;
  /** What each has been asked. */
  readonly attempts: string[] = [];
  /** Resolves when a log-in may be answered. */
  held: Promise<void> = Promise.resolve();
  /** Resolves when a token for a project may be given. */
  scopeHeld: Promise<void> = Promise.resolve();
  /** Tokens for projects that were asked for. */
  scopes = 0;
  /** Keystone does not look at tokens. */
  blind = false;
  expiresAt = Date.parse('2100-01-01T00:00:00Z');
  readonly projectsOf: Readonly<Record<string, readonly string[]>> = { alice: ['acme', 'beta'], bob: ['umbrella'] };

  async logIn(who: LoginCredentials): Promise<LoggedIn> {
    const name = who.kind === 'password' ? who.userName : who.id;
    this.attempts.push(name);
    await this.held;
    if (who.kind === 'applicationCredential') return this.#token(name, 'acme');
    if (who.password !== 'right' || !(name in this.projectsOf)) throw new LoginRefusedError('no', false);
    if (name === 'bob' && who.passcode !== '123456') throw new LoginRefusedError('no', true);
    return this.#token(name, null);
  }

  async scope(token: string, projectId: string): Promise<LoggedIn> {
    this.scopes += 1;
    await this.scopeHeld;
    return this.#token(token.split(':')[1] ?? '', projectId);
  }

  async projects(token: string) {
    const names = this.projectsOf[token.split(':')[1] ?? ''] ?? [];
    return names.map((name) => ({ id: name, name: `Project ${name}`, domainId: 'default' }));
  }

  async revoke(token: string): Promise<void> {
    this.#ended.add(token);
    this.revoked.add(unnumbered(token));
  }

  /** Somebody else revokes what a user has of a project. */
  withdraw(user: string, projectId: string): void {
    for (let n = 1; n <= this.#tokens; n += 1) this.#ended.add(`token:${user}:${projectId}#${n}`);
  }

  readonly authenticate: Authenticator['authenticate'] = async (headers) => {
    const token = String(headers['x-auth-token'] ?? '');
    if (this.blind) throw new UpstreamUnavailableError('Keystone', 'no-answer', 'of a test');
    const [kind, userId = '', projectId = ''] = unnumbered(token).split(':');
    if (kind !== 'token' || this.#ended.has(token)) throw new UnauthenticatedError('no such token');
    const scope = { system_scope: null, domain_id: null, is_admin_project: true };
    const roles = ['member', 'reader'];
    const credentials = { user_id: userId, project_id: projectId, tenant_id: projectId, ...scope, roles };
    return { projectId, userId, token, credentials };
  };

  #token(user: string, projectId: string | null): LoggedIn {
    const info: TokenInfo = {
      ...{ userId: user, userName: user, userDomainId: 'default', projectId, projectName: projectId },
      ...{ projectDomainId: 'default', domainId: null, system: false, roles: ['member'], isAdminProject: true },
      ...{ expiresAt: this.expiresAt, applicationCredential: null, auditId: null },
    };
    this.#tokens += 1;
    return { token: `token:${user}:${projectId ?? ''}#${this.#tokens}`, info };
  }
}

const unnumbered = (token: string): string => token.split('#')[0] ?? '';

const page = (text: string, type: string) => {
  const body = Buffer.from(text);
  return { type, body, gzip: gzipSync(body), etag: `"${text.length}"` };
};
export const pageFiles: PageFiles = new Map([
  ['index.html', page('<!doctype html><title>page</title>', 'text/html; charset=utf-8')],
  ['app.js', page('globalThis.loaded = true;', 'text/javascript; charset=utf-8')],
]);

export interface Place {
  readonly url: string;
  readonly people: People;
  readonly replica: Replica;
  /** What the dashboard has logged. */
  readonly logged: readonly Readonly<Record<string, unknown>>[];
  stop(): Promise<void>;
}

/** A server with a dashboard, over HTTP. */
export async function openPlace(
  clock: Clock,
  loginLimits: LoginLimits = usualLoginLimits,
  websso?: SsoOptions,
): Promise<Place> {
  const people = new People();
  const logged: Record<string, unknown>[] = [];
  const log = (fields: LogFields, message: string) => void logged.push({ ...fields, message });
  const logger: Logger = { debug: log, info: log, warn: log, error: log, child: () => logger };
  const store = createEmbeddedStore({ clock: systemClock });
  const dashboard = openDashboard({ idle_minutes: 60, most_sessions: 20, ...(websso ? { websso } : {}) }, pageFiles, {
    ...{ logins: people, authenticator: people, clock, logger, requestMs: 5_000, loginLimits },
    rules: fixed(createPolicy({ defaults: defaultRules })),
  });
  const replica = new Replica(store, defaultPolicy, { authenticator: people, dashboard });
  const url = await replica.api.listen({ host: '127.0.0.1', port: 0 });
  const stop = async () => {
    await replica.stop();
    await store.close();
  };
  return { url, people, replica, logged, stop };
}

/** A browser of one user, as far as the dashboard sees it: it keeps the cookie, and says from where it asks. */
export class Browser {
  cookie: string | null = null;
  csrf = '';

  constructor(readonly url: string) {}

  async ask(method: string, path: string, body?: unknown, headers: Readonly<Record<string, string>> = {}) {
    const response = await fetch(`${this.url}${path}`, {
      method,
      redirect: 'manual',
      headers: {
        'sec-fetch-site': 'same-origin',
        ...(method === 'GET' ? {} : { origin: this.url, 'x-csrf-token': this.csrf }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(this.cookie === null ? {} : { cookie: this.cookie }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const set = response.headers.get('set-cookie');
    if (set !== null) this.cookie = set.includes('Max-Age=0') ? null : (set.split(';')[0] ?? null);
    const text = await response.text();
    const json = (response.headers.get('content-type') ?? '').startsWith('application/json');
    return { status: response.status, headers: response.headers, text, body: json ? JSON.parse(text) : null };
  }

  async logIn(form: object = { user: 'alice', password: 'right' }) {
    const answer = await this.ask('POST', '/dashboard/session', form);
    this.csrf = answer.body?.csrf ?? this.csrf;
    return answer;
  }
}
