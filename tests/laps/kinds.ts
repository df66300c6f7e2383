import type { Answer, Stack } from '../attack/stack.js';
import { type BigCloud, big } from './big-cloud.js';

/** A kind of request, and how often it is sent, one after the other. */
export interface Kind {
  readonly name: string;
  readonly times: number;
  /** Sends the nth. @throws Error if it is answered otherwise than meant */
  readonly send: (n: number) => Promise<unknown>;
}

const member = `tok-${big}-member`;
const admin = 'tok-admin-admin';
const taas = '/v2.0/taas';

/** Every kind of request that costs more where there is more, the destructive ones last. */
export function kinds(stack: Stack, cloud: BigCloud): readonly Kind[] {
  const [largest = '', second = '', third = ''] = cloud.services;
  const some = (of: readonly string[], n: number) => of[(n * 7_919) % of.length] ?? '';
  const asked =
    (status: number, token: string, method: string, path: (n: number) => string, body?: (n: number) => unknown) =>
    async (n: number) =>
      expect(await stack.call(token, method, path(n), body?.(n)), status);
  const get = (name: string, path: (n: number) => string, token = member, times = 5): Kind => ({
    name,
    times,
    send: asked(200, token, 'GET', path),
  });
  const flows = `${taas}/tap_flows`;
  const flow = (n: number) => ({ tap_service_id: third, source_port: some(cloud.freePorts, n), direction: 'BOTH' });
  const ownFlows = cloud.flowIds.slice(0, Math.round(cloud.flows / 5));
  const rules = (n: number) =>
    Array.from({ length: 64 }, (_, rule) => ({
      action: 'accept',
      ethertype: 'IPv4',
      protocol: 'tcp',
      destination_port: `${n}:${n + rule + 1}`,
    }));
  return [
    // The first begins a count of all taps in the background.
    { name: 'GET /metrics', times: 20, send: () => scrape(stack) },
    { name: 'nothing', times: 1, send: () => new Promise((resolve) => setTimeout(resolve, 12_000)) },
    get('GET a flow', (n) => `${flows}/${some(ownFlows, n)}`, member, 50),
    get('GET flows, a page of 1,000', () => flows),
    get('GET flows, next page (marker)', (n) => `${flows}?limit=1000&marker=${some(ownFlows, n)}`),
    get('GET flows, as an administrator of all', () => flows, admin),
    get('GET flows, filter by service', () => `${flows}?tap_service_id=${largest}`),
    get('GET flows, filter by name, few match', () => `${flows}?name=flow-96&name=flow-95`),
    get('GET flows, filter by status', () => `${flows}?status=ERROR`),
    get('GET flows, two fields', () => `${flows}?fields=id&fields=name`),
    get('GET flows, sorted', () => `${flows}?sort_key=name&sort_dir=desc&limit=100`),
    get('GET flows, sorted, all projects', () => `${flows}?sort_key=name&sort_dir=desc&limit=100`, admin, 3),
    get(
      'GET flows by id, a URL full of them',
      (n) =>
        `${flows}?${ownFlows
          .slice(n, n + 180)
          .map((id) => `id=${id}`)
          .join('&')}`,
    ),
    get('GET services', () => `${taas}/tap_services`),
    get('GET service of most flows', () => `${taas}/tap_services/${largest}`),
    get('GET tapped ports', () => `${taas}/tapped_ports`),
    get('GET tapped ports, all projects', () => `${taas}/tapped_ports`, admin),
    get('GET quotas', () => `/v2.0/quotas/${big}`, admin),
    get('GET quotas, details', () => `/v2.0/quotas/${big}/details`, admin),
    get('GET audit', () => `${taas}/audit`, admin),
    get('GET audit, filter that nothing passes', () => `${taas}/audit?port_id=${largest}&limit=1000`, admin),
    {
      name: 'POST a flow',
      times: 30,
      send: asked(
        201,
        member,
        'POST',
        () => flows,
        (n) => ({ tap_flow: flow(n) }),
      ),
    },
    {
      name: 'POST 40 flows of 64 rules',
      times: 3,
      send: asked(
        201,
        member,
        'POST',
        () => flows,
        (n) => ({
          tap_flows: Array.from({ length: 40 }, (_, at) => ({ ...flow(n * 100 + at), filter_rules: rules(at) })),
        }),
      ),
    },
    {
      name: 'POST 60 flows',
      times: 10,
      send: asked(
        201,
        member,
        'POST',
        () => flows,
        (n) => ({
          tap_flows: Array.from({ length: 60 }, (_, at) => flow(1_000 + n * 60 + at)),
        }),
      ),
    },
    {
      name: 'POST 500 kB that are refused',
      times: 5,
      send: asked(
        400,
        member,
        'POST',
        () => flows,
        (n) => ({
          tap_flow: {
            ...flow(n),
            filter_rules: Array(5_000).fill({
              action: 'accept',
              ethertype: 'IPv4',
              protocol: 'tcp',
              source_port: '1:2',
            }),
          },
        }),
      ),
    },
    {
      name: 'PUT a flow of a service of 10,000',
      times: 10,
      send: asked(
        200,
        member,
        'PUT',
        (n) => `${flows}/${ownFlows[n * 31] ?? ''}`,
        (n) => ({ tap_flow: { name: `n${n}` } }),
      ),
    },
    {
      name: 'PUT a service of 10,000 flows',
      times: 5,
      send: asked(
        200,
        member,
        'PUT',
        () => `${taas}/tap_services/${largest}`,
        (n) => ({ tap_service: { name: `n${n}` } }),
      ),
    },
    {
      name: 'DELETE a flow of a service of 10,000',
      times: 10,
      send: asked(204, member, 'DELETE', (n) => `${flows}/${ownFlows[n * 17 + 5] ?? ''}`),
    },
    {
      name: 'DELETE a port, through the gateway',
      times: 1,
      send: asked(204, member, 'DELETE', () => `/v2.0/ports/${cloud.tappedPort}`),
    },
    {
      name: 'DELETE a collector of 5,000 flows, through the gateway',
      times: 1,
      send: async () => {
        const shown = expect(await stack.call(member, 'GET', `${taas}/tap_services/${second}`), 200);
        const { port_id: port } = (shown.json as unknown as { tap_service: { port_id: string } }).tap_service;
        expect(await stack.call(member, 'DELETE', `/v2.0/ports/${port}`), 204);
      },
    },
    {
      name: 'DELETE a service of 10,000 flows',
      times: 1,
      send: asked(204, member, 'DELETE', () => `${taas}/tap_services/${largest}`),
    },
  ];
}

async function scrape(stack: Stack): Promise<void> {
  const answer = await fetch(`${stack.server(0).health}/metrics`);
  const text = await answer.text();
  if (answer.status !== 200 || !text.includes('taas_build_info{'))
    throw new Error(`answered ${answer.status}: ${text.slice(0, 300)}`);
  await new Promise((resolve) => setTimeout(resolve, 500));
}

function expect(answer: Answer, status: number): Answer {
  if (answer.status !== status) throw new Error(`answered ${answer.status}: ${answer.text.slice(0, 300)}`);
  return answer;
}
