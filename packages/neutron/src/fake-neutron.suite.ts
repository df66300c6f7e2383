import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Clock, silentLogger } from '@taas/service';
import { createHttpClient, createUpstream, defaultUpstreamLimits, type UpstreamLimits } from '@taas/upstream';
import { createNeutronClient } from './neutron-client.js';
import { neutronUnavailable } from './neutron-error.js';

export const uuid = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;

/** A Neutron of ports: shows an owner theirs, and its service user all, with bindings. */
export class FakeNeutronState {
  readonly ports = new Map<string, Record<string, unknown>>();
  readonly requests: string[] = [];
  serviceTokens = new Set(['service-1']);
  /** Whether the service user has the rights that it needs. */
  privileged = true;
  /** Neutron's own pagination_max_limit. */
  maxPage = 1000;
  override: ((request: IncomingMessage, response: ServerResponse) => boolean) | null = null;

  add(n: number, fields: Record<string, unknown> = {}): string {
    this.ports.set(uuid(n), {
      id: uuid(n),
      project_id: 'acme',
      tenant_id: 'acme',
      network_id: 'net',
      device_owner: 'compute:nova',
      device_id: 'vm',
      admin_state_up: true,
      status: 'ACTIVE',
      'binding:host_id': 'node-1',
      'binding:vif_type': 'vhostuser',
      ...fields,
    });
    return uuid(n);
  }
}

const send = (response: ServerResponse, status: number, body: unknown) => {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
};

export async function startFakeNeutron() {
  const state = new FakeNeutronState();
  /** The port as a token may see it: with bindings, without, or not at all. A caller's token is its project's name. */
  const shown = (port: Record<string, unknown>, token: string): Record<string, unknown> | null => {
    if (state.serviceTokens.has(token) && state.privileged) return port;
    if (port['project_id'] !== token) return null;
    return Object.fromEntries(Object.entries(port).filter(([name]) => !name.startsWith('binding:')));
  };
  const server = createServer((request, response) => {
    state.requests.push(request.url ?? '');
    if (state.override?.(request, response)) return;
    const token = String(request.headers['x-auth-token']);
    if (token === 'expired' || (token.startsWith('service-') && !state.serviceTokens.has(token))) {
      send(response, 401, { error: { code: 401 } });
      return;
    }
    const url = new URL(request.url ?? '', 'http://neutron');
    const id = /^\/v2\.0\/ports\/([^/]+)$/.exec(url.pathname)?.[1];
    if (id !== undefined) {
      const found = state.ports.get(id);
      const port = found === undefined ? null : shown(found, token);
      if (port === null) send(response, 404, { NeutronError: { type: 'PortNotFound', message: 'gone', detail: '' } });
      else send(response, 200, { port });
      return;
    }
    const [ids, hosts] = [url.searchParams.getAll('id'), url.searchParams.getAll('binding:host_id')];
    const projects = url.searchParams.getAll('project_id');
    const all = [...state.ports.values()]
      .map((port) => shown(port, token))
      .filter((port) => port !== null)
      .filter((port) => projects.length === 0 || projects.includes(String(port['project_id'])))
      .filter((port) => ids.length === 0 || ids.includes(String(port['id'])))
      .filter((port) => hosts.length === 0 || hosts.includes(String(port['binding:host_id'])))
      .sort((one, other) => String(one['id']).localeCompare(String(other['id'])));
    const marker = url.searchParams.get('marker');
    const from = marker === null ? 0 : all.findIndex((port) => port['id'] === marker) + 1;
    const limit = Math.min(state.maxPage, Number(url.searchParams.get('limit') ?? state.maxPage));
    const page = all.slice(from, from + limit);
    const more = page.length === limit;
    send(response, 200, {
      ports: page,
      ...(more ? { ports_links: [{ rel: 'next', href: 'http://elsewhere/' }] } : {}),
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    state,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export type FakeNeutron = Awaited<ReturnType<typeof startFakeNeutron>>;

export function neutronClient(fake: FakeNeutron, clock: Clock, limits: Partial<UpstreamLimits> = {}) {
  let serial = 1;
  return createNeutronClient({
    neutron: createUpstream({
      name: 'Neutron',
      baseUrl: fake.url,
      http: createHttpClient(),
      clock,
      random: () => 0.5,
      logger: silentLogger,
      limits: { ...defaultUpstreamLimits, timeoutMs: 2000, failures: 1000, ...limits },
      unavailable: neutronUnavailable,
    }),
    serviceTokens: {
      get: () => Promise.resolve(`service-${serial}`),
      invalidate: () => {
        serial++;
      },
    },
  });
}
