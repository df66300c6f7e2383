import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { HttpResponse, Upstream } from '@taas/upstream';

export interface FakeUser {
  /** Other than the token. */
  readonly id?: string;
  /** Null for a token without a project. */
  readonly project: string | null;
  readonly roles: readonly string[];
  readonly system?: boolean;
  /** Of the application credential that the token is of. */
  readonly accessRules?: readonly { readonly service: string; readonly method: string; readonly path: string }[];
}

/** A Keystone that knows these tokens: a token is its user's name, unless the user has an id. */
export class FakeKeystone implements Upstream {
  /** Whether it answers at all. */
  up = true;
  validations = 0;
  readonly revoked = new Set<string>();

  constructor(readonly users: Readonly<Record<string, FakeUser>>) {}

  request: Upstream['request'] = async (path, { method, headers }): Promise<HttpResponse> => {
    if (!this.up) throw new Error('Keystone was asked while it was down');
    if (method !== 'GET' || !path.startsWith('/auth/tokens')) return { status: 404, headers: {}, body: '' };
    this.validations += 1;
    const token = headers['x-subject-token'] ?? '';
    const user = Object.hasOwn(this.users, token) && !this.revoked.has(token) ? this.users[token] : undefined;
    if (!user) return { status: 404, headers: {}, body: '{}' };
    const project =
      user.project === null ? {} : { project: { id: user.project, name: 'p', domain: { id: 'default' } } };
    const body = {
      token: {
        user: { id: user.id ?? token, name: user.id ?? token, domain: { id: 'default' } },
        roles: user.roles.map((name) => ({ id: name, name })),
        expires_at: '2100-01-01T00:00:00.000000Z',
        ...project,
        ...(user.system ? { system: { all: true } } : {}),
        ...(user.accessRules ? { application_credential: { id: 'c', access_rules: user.accessRules } } : {}),
      },
    };
    return { status: 200, headers: {}, body: JSON.stringify(body) };
  };
}

/** The same over HTTP: what a whole server can be configured with. The service user's token is `admin`. */
export async function serveKeystone(keystone: FakeKeystone): Promise<{ url: string; close: () => Promise<void> }> {
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    for await (const _ of request);
    if (request.method === 'POST') {
      const token = { expires_at: '2100-01-01T00:00:00.000000Z', user: { id: 'admin', name: 'admin' }, roles: [] };
      response.writeHead(201, { 'x-subject-token': 'admin' }).end(JSON.stringify({ token }));
      return;
    }
    const headers = { 'x-subject-token': String(request.headers['x-subject-token']) };
    const path = (request.url ?? '').replace('/v3', '');
    const signal = new AbortController().signal;
    const { status, body } = await keystone.request(path, { method: 'GET', headers, signal });
    response.writeHead(status).end(body);
  };
  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v3`,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

export interface FakePort {
  readonly project: string;
  /** Projects that see it beside its own: those of its network. */
  readonly seenBy?: readonly string[];
}

export interface Canned {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** A Neutron that has ports, and answers anything else as it is told. */
export class FakeNeutron {
  readonly ports = new Map<string, FakePort>();
  /** The answer to the next request that is not about a single port, or to that too if `forPorts`. */
  next: Canned | null = null;
  /** Requests as they came. */
  readonly seen: { method: string; url: string; headers: IncomingMessage['headers']; body: string }[] = [];
  readonly #server: Server = createServer((request, response) => void this.#receive(request, response));

  constructor(private readonly userOf: (token: string) => FakeUser | undefined) {}

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  async #receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const { method = '', url = '', headers } = request;
    this.seen.push({ method, url, headers, body: Buffer.concat(chunks).toString('utf8') });
    const port = /^\/v2\.0\/ports\/([^/?]+)/.exec(url)?.[1];
    const token = headers['x-auth-token'];
    const answer = this.next ?? (port === undefined ? this.#other(url, token) : this.#port(method, port, token));
    this.next = null;
    const text = answer.body === null ? '' : JSON.stringify(answer.body);
    const length = answer.status === 204 ? {} : { 'content-length': Buffer.byteLength(text) };
    response.writeHead(answer.status, { ...answer.headers, ...length });
    response.end(text);
  }

  /** A list of ports for those who may see bindings. */
  #other(url: string, token: unknown): Canned {
    const [path, query = ''] = url.split('?');
    if (path !== '/v2.0/ports' || !this.userOf(String(token))?.roles.includes('admin')) return notFound;
    const ids = new URLSearchParams(query).getAll('id');
    const found = [...this.ports].filter(([id]) => ids.length === 0 || ids.includes(id));
    const ports = found.map(([id, { project }]) => ({
      id,
      project_id: project,
      network_id: 'n',
      'binding:host_id': 'node1',
    }));
    return { status: 200, headers: { 'content-type': 'application/json' }, body: { ports } };
  }

  #port(method: string, id: string, token: unknown): Canned {
    const user = this.userOf(String(token));
    const port = this.ports.get(id);
    const sees =
      user &&
      port &&
      (user.roles.includes('admin') || [port.project, ...(port.seenBy ?? [])].includes(user.project ?? ''));
    const headers = { 'content-type': 'application/json', 'x-openstack-request-id': 'req-neutron' };
    if (!port || !sees) {
      const message = `Port ${id} could not be found.`;
      return { status: 404, headers, body: { NeutronError: { type: 'PortNotFound', message, detail: '' } } };
    }
    if (method === 'DELETE') {
      this.ports.delete(id);
      return { status: 204, headers: { 'x-openstack-request-id': 'req-neutron' }, body: null };
    }
    const body = { port: { id, project_id: port.project, tenant_id: port.project, network_id: 'n', status: 'DOWN' } };
    return { status: 200, headers, body };
  }
}

const notFound: Canned = { status: 404, headers: { 'content-type': 'application/json' }, body: { not: 'published' } };
