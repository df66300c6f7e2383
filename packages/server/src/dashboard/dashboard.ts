import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from '@taas/service';
import { UpstreamUnavailableError } from '@taas/upstream';
import type { Access } from '../auth/access.js';
import { type Authenticator, UnauthenticatedError } from '../auth/authenticator.js';
import { apiUrl, isOfThePage } from './api-path.js';
import { cookieGone, cookieWith, secretOf } from './cookie.js';
import { DashboardError, notFromHere, notLoggedIn } from './dashboard-error.js';
import { parseLoginForm, parseProjectChoice } from './login-form.js';
import { type PageFiles, sendFile } from './page-files.js';
import { dataHeaders, pageHeaders } from './page-headers.js';
import { permissionsOf } from './permissions.js';
import { isSameOrigin } from './same-origin.js';
import type { Opened, SessionDesk } from './session-desk.js';
import { isCsrfToken, type KeptSession, type KnownSession, type Session, type SessionStore } from './session-store.js';
import { smallBody } from './small-body.js';
import { stateGone } from './sso-state.js';
import type { WebSso } from './websso.js';

export interface DashboardDeps {
  readonly sessions: SessionStore;
  readonly desk: SessionDesk;
  readonly authenticator: Authenticator;
  readonly access: Access;
  readonly files: PageFiles;
  /** Single sign-on; null: there is none. */
  readonly sso: WebSso | null;
  readonly logger: Logger;
  /** Time for a request that asks Keystone, in ms. */
  readonly requestMs: number;
}

/**
 * Goes on with a request once the door has let it in.
 * @param network from where it comes
 * @returns whether it is the API's now; else it is being answered
 */
export type Visit = (response: ServerResponse, network: string) => boolean;

/** Who a browser's request is of. */
interface Visitor {
  readonly id: string | null;
  readonly session: KeptSession | null;
  /** False: the page itself says that it asks by itself. */
  readonly byPerson: boolean;
}

const readsOnly: ReadonlySet<string> = new Set(['GET', 'HEAD']);
const root = '/dashboard';

/**
 * The page, its log-in, and the way from it to the API: a request below `/dashboard/api` becomes the very request that a client
 * with the session's token would send, so that the page is told what the API would tell them, and nothing else.
 */
export class Dashboard {
  constructor(private readonly deps: DashboardDeps) {}

  /** Null for what is not the dashboard's. Until then nothing is read of the request but its head, and nobody is asked. */
  enter(request: IncomingMessage): Visit | null {
    const url = request.url ?? '/';
    const path = url.split('?', 1)[0] ?? '';
    if (path !== root && !path.startsWith(`${root}/`)) return null;
    const visitor = this.#visitor(request);
    // The door, too, knows a session's requests by its token, and by nothing that the browser has sent.
    dressed(request, visitor.session?.token ?? null);
    const method = request.method ?? 'GET';
    if (path.startsWith(`${root}/api/`)) return this.#toApi(request, method, visitor);
    if (path === `${root}/session`)
      return this.#answered(request, (network) => this.#session(request, visitor, network));
    if (path === `${root}/websso` && method === 'POST') return this.#fromKeystone(request, visitor);
    if (path === `${root}/websso`) return this.#answered(request, (network) => this.#sso(request, network));
    return (response) => {
      this.#page(path, request, response);
      return false;
    };
  }

  #visitor({ headers }: IncomingMessage): Visitor {
    const id = secretOf(headers.cookie);
    const byPerson = headers['x-taas-background'] === undefined;
    return { id, session: id === null ? null : this.deps.sessions.find(id), byPerson };
  }

  /** To be called once it is known that the request comes from the page. */
  #used({ id, byPerson }: Visitor): void {
    if (id !== null && byPerson) this.deps.sessions.touch(id);
  }

  #toApi(request: IncomingMessage, method: string, visitor: Visitor): Visit {
    const { headers } = request;
    const { session } = visitor;
    const refused = checked(() => {
      if (!isSameOrigin(method, headers)) throw notFromHere();
      if (session === null) throw notLoggedIn();
      if (!readsOnly.has(method) && !isCsrfToken(session, oneOf(headers['x-csrf-token']))) throw notFromHere();
    });
    const target = apiUrl(method, request.url ?? '/');
    const problem = refused ?? (target === null ? notFound() : null);
    if (problem !== null)
      return (response) => {
        refuse(request, response, problem);
        return false;
      };
    request.url = target ?? '/';
    if (!isOfThePage(request.url)) this.#used(visitor);
    return (response) => {
      for (const [name, value] of Object.entries(dataHeaders)) response.setHeader(name, value);
      return true;
    };
  }

  #page(path: string, request: IncomingMessage, response: ServerResponse): void {
    for (const [name, value] of Object.entries(pageHeaders)) response.setHeader(name, value);
    request.resume();
    if (path === root) {
      response.writeHead(308, { Location: `${root}/`, 'Content-Length': '0' }).end();
      return;
    }
    const name = path.slice(root.length + 1);
    const file = this.deps.files.get(name === '' ? 'index.html' : name);
    if (!readsOnly.has(request.method ?? 'GET')) refuse(request, response, wrongMethod());
    else if (file === undefined) refuse(request, response, notFound());
    else sendFile(file, request, response);
  }

  /** `/dashboard/session`. @throws DashboardError; UpstreamUnavailableError; the signal's reason */
  async #session(request: IncomingMessage, visitor: Visitor, network: string): Promise<Answer> {
    const { desk } = this.deps;
    const { id, session } = visitor;
    const method = request.method ?? 'GET';
    const signal = AbortSignal.timeout(this.deps.requestMs);
    if (!isSameOrigin(method, request.headers)) throw notFromHere();
    // Other types can be sent by forms of other sites, without asking us first.
    const body = async () => {
      if (!/^application\/json\b/i.test(request.headers['content-type'] ?? '')) throw notFromHere();
      return smallBody(request);
    };
    const known = (): KnownSession => {
      if (id === null || session === null) throw notLoggedIn();
      if (!readsOnly.has(method) && !isCsrfToken(session, oneOf(request.headers['x-csrf-token']))) throw notFromHere();
      this.#used(visitor);
      return { id, session };
    };
    const show = (shown: Session) => this.#shown(shown, network, signal);
    const asking = { network, signal, show };
    switch (method) {
      case 'GET': {
        const { session: own } = known();
        return { status: 200, body: { ...(await show(own)), csrf: own.csrf }, cookie: null };
      }
      case 'POST':
        return answerOf(await desk.logIn(parseLoginForm(await body()), id, asking));
      case 'PUT': {
        const before = known();
        const choice = parseProjectChoice(await body());
        return answerOf(await desk.switchTo(choice, before, asking));
      }
      case 'DELETE':
        await desk.logOut(known().id, network);
        return { status: 204, body: null, cookie: cookieGone };
      default:
        throw wrongMethod();
    }
  }

  /** `/dashboard/websso`, as the page itself asks: which ways there are, and where the one leads that is taken. @throws DashboardError */
  async #sso(request: IncomingMessage, network: string): Promise<Answer> {
    const { sso, logger } = this.deps;
    const method = request.method ?? 'GET';
    if (!isSameOrigin(method, request.headers)) throw notFromHere();
    if (method === 'GET') return { status: 200, body: { choices: sso?.labels ?? [] }, cookie: null };
    if (method !== 'PUT' || sso === null) throw wrongMethod();
    if (!/^application\/json\b/i.test(request.headers['content-type'] ?? '')) throw notFromHere();
    const { location, cookie } = sso.begin(await smallBody(request));
    logger.info({ network }, 'single sign-on: begun');
    return { status: 200, body: { location }, cookie };
  }

  /** A token that Keystone's page sends: the browser shows what comes of it, so it is led to the page in any case. */
  #fromKeystone(request: IncomingMessage, { id: before }: Visitor): Visit {
    const { sso, desk, logger, requestMs } = this.deps;
    const work = async (network: string): Promise<readonly string[]> => {
      const signal = AbortSignal.timeout(requestMs);
      if (sso === null) throw notFound();
      const token = sso.tokenOf(request.headers, await smallBody(request));
      const show = (shown: Session) => this.#shown(shown, network, signal);
      return [cookieWith((await desk.logInBy(token, before, { network, signal, show })).id)];
    };
    return (response, network) => {
      for (const [name, value] of Object.entries(dataHeaders)) response.setHeader(name, value);
      const to = (place: string, cookies: readonly string[]) =>
        response
          .writeHead(303, { Location: place, 'Content-Length': '0', 'Set-Cookie': [...cookies, stateGone] })
          .end();
      void work(network).then(
        (cookies) => to(`${root}/`, cookies),
        (error: unknown) => {
          const { code } = this.#told(error);
          logger.info({ network, result: code }, 'single sign-on: refused');
          if (!request.complete) response.setHeader('Connection', 'close');
          to(`${root}/?sso=${code}`, []);
        },
      );
      return false;
    };
  }

  /** What the page may know of its session: all but the tokens. @throws DashboardError 401 when Keystone does not take it any more */
  async #shown(session: Session, network: string, signal: AbortSignal): Promise<object> {
    const { authenticator, access } = this.deps;
    const asked = { method: 'GET', path: '/v2.0/taas/tap_services', client: network };
    const headers = { 'x-auth-token': session.token };
    const identity = await authenticator.authenticate(headers, asked, signal).catch((cause: unknown) => {
      throw cause instanceof UnauthenticatedError ? notLoggedIn() : cause;
    });
    const caller = access.caller(identity);
    return {
      user: { id: session.userId, name: session.userName },
      project: session.project,
      projects: session.projects.map(({ id, name }) => ({ id, name })),
      expires_at: new Date(session.expiresAt).toISOString(),
      sees_all_projects: caller.seesAllProjects,
      may: permissionsOf(access, caller),
    };
  }

  #answered(request: IncomingMessage, work: (network: string) => Promise<Answer>): Visit {
    return (response, network) => {
      for (const [name, value] of Object.entries(dataHeaders)) response.setHeader(name, value);
      void work(network).then(
        (answer) => send(response, answer),
        (error: unknown) => refuse(request, response, this.#told(error)),
      );
      return false;
    };
  }

  #told(error: unknown): DashboardError {
    if (error instanceof DashboardError) return error;
    const unavailable = (retryAfterMs: number | null) =>
      new DashboardError(503, 'unavailable', 'The server cannot say at the moment: try again.', retryAfterMs);
    if (error instanceof UpstreamUnavailableError) return unavailable(error.retryAfterMs);
    this.deps.logger.error({ cause: error }, 'a request of the dashboard has failed');
    return unavailable(null);
  }
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly cookie: string | null;
}

const answerOf = ({ id, session, shown }: Opened<object>): Answer => ({
  ...{ status: 200, body: { ...shown, csrf: session.csrf }, cookie: cookieWith(id) },
});

const notFound = () => new DashboardError(404, 'not_found', 'There is nothing here.');
const wrongMethod = () => new DashboardError(405, 'method_not_allowed', 'The method is not allowed here.');

/** The names of headers that end here. Whatever a browser says of who it is, the session says it. */
const ours: ReadonlySet<string> = new Set(['cookie', 'x-auth-token', 'x-csrf-token', 'x-taas-background']);

/** Gives a request the session's token, and takes away what is between browser and dashboard alone. */
function dressed(request: IncomingMessage, token: string | null): void {
  const { headers, rawHeaders } = request;
  const kept = rawHeaders.flatMap((name, at) =>
    at % 2 === 0 && !ours.has(name.toLowerCase()) ? [name, rawHeaders[at + 1] ?? ''] : [],
  );
  request.rawHeaders = token === null ? kept : [...kept, 'X-Auth-Token', token];
  delete headers['x-auth-token'];
  if (token !== null) headers['x-auth-token'] = token;
}

function checked(check: () => void): DashboardError | null {
  try {
    check();
    return null;
  } catch (error) {
    if (error instanceof DashboardError) return error;
    throw error;
  }
}

const oneOf = (value: string | string[] | undefined): string | undefined => (Array.isArray(value) ? value[0] : value);

function send(response: ServerResponse, { status, body, cookie }: Answer): void {
  const bytes = body === null ? null : Buffer.from(JSON.stringify(body));
  response.writeHead(status, {
    ...(bytes === null ? {} : { 'Content-Type': 'application/json', 'Content-Length': String(bytes.length) }),
    ...(cookie === null ? {} : { 'Set-Cookie': cookie }),
  });
  response.end(bytes ?? undefined);
}

/** What is left of a refused request is not read. */
function refuse(request: IncomingMessage, response: ServerResponse, error: DashboardError): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  const bytes = Buffer.from(JSON.stringify(error.body));
  const { status, retryAfterMs } = error;
  response.writeHead(status, {
    'Content-Type': 'application/json',
    'Content-Length': String(bytes.length),
    ...(retryAfterMs === null ? {} : { 'Retry-After': String(Math.max(1, Math.ceil(retryAfterMs / 1000))) }),
    ...(request.complete ? {} : { Connection: 'close' }),
  });
  response.end(bytes);
}
