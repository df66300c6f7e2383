import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A port as Neutron knows it. */
export interface TokenPort {
  readonly project: string;
  readonly name?: string;
  /** The node that it is bound on; none: unbound. */
  readonly host?: string;
}

/** An HTTP service of a test, and what it was asked. */
export interface TestService {
  readonly url: string;
  readonly requests: readonly string[];
  close(): Promise<void>;
}

/** Somebody who can log in: a password, and their role in each project. */
export interface TokenPerson {
  readonly password: string;
  /** Their own user id, of small letters; without it, the one that all of a project have. */
  readonly id?: string;
  readonly projects: Readonly<Record<string, string>>;
}

export interface TokenKeystoneOptions {
  /** Who can log in, by name. */
  readonly people?: Readonly<Record<string, TokenPerson>>;
  /** Tokens that are good no more. */
  readonly withdrawn?: ReadonlySet<string>;
  /** Access rules of application credentials, for tokens that end with `-rules`. */
  readonly accessRules?: readonly object[];
  /** Milliseconds that the validation of a token takes. */
  readonly delayMs?: number;
  /** Where it listens; anywhere if absent. */
  readonly port?: number;
  /** Single sign-on: whose identity provider has logged them in, and Keystone's `trusted_dashboard`. */
  readonly sso?: { readonly person: string; readonly trusted: readonly string[] };
}

export type TokenNeutronOptions = {
  /** Answers instead of the usual; true if it did. */
  readonly instead?: (request: IncomingMessage, response: ServerResponse) => boolean;
};

const ladder = ['admin', 'manager', 'member', 'reader'];
const serviceToken = 'service-token';

/** A Keystone that reads the owner off the token: `tok-<project>-<role>`, with `-by-<user>` and `-rules` behind it for a user and access rules. */
export function startTokenKeystone(options: TokenKeystoneOptions = {}): Promise<TestService> {
  const { accessRules = [], delayMs = 0, people = {}, withdrawn = new Set() } = options;
  return serve((request, response, body) => {
    const answer = () => {
      if (options.sso && answeredSso(options.sso, request, response)) return;
      if (answeredPerson(people, request, body, response)) return;
      if (request.method === 'POST') {
        const token = tokenOf('service', 'admin', []);
        send(response, 201, { token }, { 'x-subject-token': serviceToken });
        return;
      }
      const [, project, role, user, rules] =
        /^tok-([a-z0-9]+)-([a-z]*)(?:-by-([a-z]+))?(-rules)?$/.exec(header(request, 'x-subject-token')) ?? [];
      const gone = withdrawn.has(header(request, 'x-subject-token'));
      if (gone || project === undefined || role === undefined) send(response, 404, { error: { code: 404 } });
      else send(response, 200, { token: tokenOf(project, role, rules === undefined ? [] : accessRules, user) });
    };
    if (delayMs > 0) setTimeout(answer, delayMs);
    else answer();
  }, options.port);
}

/**
 * As keystone/api/auth.py and etc/sso_callback_template.html of Keystone (2026.1) have it: a page that posts the token of who is logged in to
 * the dashboard, which has to be one of those that it trusts, letter by letter.
 */
function answeredSso(
  { person, trusted }: NonNullable<TokenKeystoneOptions['sso']>,
  request: IncomingMessage,
  response: ServerResponse,
): boolean {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://keystone');
  const form = /^\/v3\/auth\/OS-FEDERATION\/(websso\/[^/]+|identity_providers\/[^/]+\/protocols\/[^/]+\/websso)$/;
  if (!form.test(pathname)) return false;
  const origin = searchParams.get('origin');
  if (origin === null)
    send(response, 400, { error: { code: 400, message: 'Request must have an origin query parameter' } });
  else if (!trusted.includes(decodeURIComponent(origin.replaceAll('+', ' '))))
    send(response, 401, { error: { code: 401, message: `${origin} is not a trusted dashboard host` } });
  else {
    const page = `<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Keystone WebSSO redirect</title></head><body>
<form id="sso" name="sso" action="${origin}" method="post">Please wait...<br>
<input type="hidden" name="token" id="token" value="unscoped:${person}"></form>
<script>window.onload = function() { document.forms['sso'].submit(); }</script></body></html>`;
    response.writeHead(200, { 'content-type': 'text/html' }).end(page);
  }
  return true;
}

/** A Neutron of `ports`, by id: who has a token of the project sees a port, an administrator sees its binding too. */
export function startTokenNeutron(
  ports: Map<string, TokenPort>,
  { instead }: TokenNeutronOptions = {},
): Promise<TestService> {
  return serve((request, response) => {
    if (instead?.(request, response)) return;
    const token = header(request, 'x-auth-token');
    const admin = token === serviceToken || /^tok-[a-z0-9]+-admin(-by-[a-z]+)?$/.test(token);
    const caller = token.split('-')[1];
    const shown = (id: string): object[] => {
      const port = ports.get(id);
      if (port === undefined || (!admin && port.project !== caller)) return [];
      const { project, host = '', name = '' } = port;
      const binding = { 'binding:host_id': host, 'binding:vif_type': host === '' ? 'unbound' : 'vhostuser' };
      const common = { project_id: project, tenant_id: project, network_id: 'network', device_owner: 'compute:nova' };
      return [
        { id, name, fixed_ips: [], ...common, status: 'ACTIVE', admin_state_up: true, ...(admin ? binding : {}) },
      ];
    };
    // Paths such as //v2.0 are no URL by themselves.
    const target = `http://neutron${request.url ?? ''}`;
    if (!URL.canParse(target)) {
      send(response, 400, { error: 'no URL' });
      return;
    }
    const url = new URL(target);
    const notFound = () => send(response, 404, neutronError('PortNotFound'));
    const id = /^\/v2\.0\/ports\/([^/?]+)$/.exec(url.pathname)?.[1];
    if (token === '') send(response, 401, { error: 'Authentication required' });
    else if (id !== undefined && shown(id).length === 0) notFound();
    else if (id !== undefined && request.method === 'GET') send(response, 200, { port: shown(id)[0] });
    else if (id !== undefined && request.method === 'DELETE') {
      ports.delete(id);
      response.writeHead(204).end();
    } else if (url.pathname === '/v2.0/ports') {
      const ids = url.searchParams.getAll('id');
      const owner = url.searchParams.get('project_id');
      const asked = [...ports].filter(
        ([each, { project }]) => (ids.length === 0 || ids.includes(each)) && (owner === null || project === owner),
      );
      const after = url.searchParams.get('marker');
      const from = after === null ? 0 : asked.findIndex(([each]) => each === after) + 1;
      const page = asked.slice(from).flatMap(([each]) => shown(each));
      send(response, 200, { ports: page.slice(0, Number(url.searchParams.get('limit') ?? page.length)) });
    } else if (url.pathname === '/v2.0/networks') send(response, 200, { networks: [] });
    else send(response, 404, neutronError('HTTPNotFound'));
  });
}

/** What people ask of it, log-ins and projects; false: it is the service's question. */
function answeredPerson(
  people: Readonly<Record<string, TokenPerson>>,
  request: IncomingMessage,
  body: string,
  response: ServerResponse,
): boolean {
  const refuse = () => send(response, 401, { error: { code: 401 } });
  const path = (request.url ?? '').split('?')[0];
  if (path === '/v3/auth/projects') {
    const [, name = ''] = header(request, 'x-auth-token').split(':');
    const projects = Object.keys(people[name]?.projects ?? {}).map((id) => ({ id, name: id, domain_id: 'default' }));
    send(response, 200, { projects });
    return true;
  }
  if (request.method === 'DELETE') {
    response.writeHead(204).end();
    return true;
  }
  if (request.method !== 'POST') return false;
  const { identity, scope } = JSON.parse(body).auth;
  const name: string = identity.password?.user.name ?? identity.token?.id.split(':')[1] ?? '';
  const person = people[name];
  if (person === undefined) {
    if (name === 'taas' || identity.application_credential) return false;
    refuse();
    return true;
  }
  if (identity.password && identity.password.user.password !== person.password) refuse();
  else if (identity.password) send(response, 201, { token: unscoped(name) }, { 'x-subject-token': `unscoped:${name}` });
  else {
    const project: string = scope.project.id;
    const role = person.projects[project];
    if (role === undefined) refuse();
    else {
      const by = person.id === undefined ? '' : `-by-${person.id}`;
      const headers = { 'x-subject-token': `tok-${project}-${role}${by}` };
      send(response, 201, { token: tokenOf(project, role, [], person.id) }, headers);
    }
  }
  return true;
}

const unscoped = (name: string): object => ({
  methods: ['password'],
  user: { id: name, name, domain: { id: 'default', name: 'Default' } },
  ...{ expires_at: '2099-01-01T00:00:00.000000Z', audit_ids: ['audit'] },
});

const header = (request: IncomingMessage, name: string): string => String(request.headers[name] ?? '');

const neutronError = (type: string) => ({ NeutronError: { type, message: type, detail: '' } });

function tokenOf(project: string, role: string, rules: readonly object[], user = `user-of-${project}`): object {
  const at = ladder.indexOf(role);
  const roles = (at < 0 ? [role] : ladder.slice(at)).filter((name) => name !== '').map((name) => ({ id: name, name }));
  const domain = { id: 'default', name: 'Default' };
  return {
    methods: ['password'],
    user: { id: user, name: 'user', domain },
    project: { id: project, name: project, domain },
    roles,
    issued_at: '2020-01-01T00:00:00.000000Z',
    expires_at: '2099-01-01T00:00:00.000000Z',
    audit_ids: ['audit'],
    ...(rules.length === 0
      ? {}
      : { application_credential: { id: 'credential', name: 'credential', restricted: true, access_rules: rules } }),
  };
}

function send(response: ServerResponse, status: number, body: object, headers: Record<string, string> = {}): void {
  const more = { 'content-type': 'application/json', 'x-openstack-request-id': 'req-of-the-test', ...headers };
  response.writeHead(status, more).end(JSON.stringify(body));
}

/** Serves on loopback; a request is answered once its body is there, as the real services do. */
async function serve(
  answer: (request: IncomingMessage, response: ServerResponse, body: string) => void,
  port = 0,
): Promise<TestService> {
  const requests: string[] = [];
  const server: Server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    let body = '';
    request.setEncoding('utf8');
    request.on('data', (piece: string) => {
      body += piece;
    });
    request.once('end', () => answer(request, response, body));
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
