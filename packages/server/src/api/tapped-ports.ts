import type { Access } from '../auth/access.js';
import type { Caller } from '../auth/authenticator.js';
import type { Contained } from '../contained.js';
import { isoTime } from '../iso-time.js';
import type { TappedPortsIndex } from '../status/tapped-ports-index.js';
import type { LiveView } from '../view/live-view.js';
import { ownerOf } from '../view/port-owner.js';
import { badRequest, methodNotAllowed, portNotFound, unavailable } from './neutron-error.js';
import type { OwnWrites } from './own-writes.js';
import type { ApiAnswer, ApiRequest } from './request.js';

export interface TappedPortsDeps {
  readonly live: LiveView;
  readonly index: TappedPortsIndex;
  readonly access: Access;
  readonly writes: OwnWrites;
  readonly catchUpMs: number;
  readonly contained: Contained;
}

/** Ports of a page, and taps that are told of one port: what one request may cost. */
export const tappedPortsPage = { ports: 1_000, taps: 100 } as const;

/**
 * Who copies the caller's ports, whoever that is: `GET /v2.0/taas/tapped_ports`, or of one port. Whose a port is Neutron
 * has said; one of which nobody has is shown to administrators alone.
 * @throws NeutronError
 */
export async function tappedPortsRoute(
  deps: TappedPortsDeps,
  request: ApiRequest,
  port: string | null,
  caller: Caller,
): Promise<ApiAnswer> {
  if (request.method !== 'GET') throw methodNotAllowed(request.method);
  const { live, writes } = deps;
  await live.reached(writes.revision, deps.catchUpMs);
  if (!live.fresh) throw unavailable('etcd cannot be seen at the moment: try again.');
  if (port !== null) {
    const shown = show(deps, port, caller);
    if (!shown) throw portNotFound(port);
    return { status: 200, body: { tapped_port: shown } };
  }
  const last = (name: string) => request.query.filter(([key]) => key === name).at(-1)?.[1] || null;
  const limitText = last('limit');
  if (limitText !== null && !/^[1-9][0-9]{0,3}$/.test(limitText))
    throw badRequest(`limit is a number from 1 to ${tappedPortsPage.ports}`);
  const limit = Math.min(tappedPortsPage.ports, Number(limitText ?? tappedPortsPage.ports));
  const marker = last('marker');
  const page: object[] = [];
  let more: string | null = null;
  let latest = '';
  let begun = marker === null;
  for (const each of candidates(deps, caller, last('project_id'), last('port_id'))) {
    if (!begun) {
      begun = each === marker;
      continue;
    }
    const shown = deps.contained.attempt(`tapped port ${each}`, () => show(deps, each, caller), null);
    if (!shown) continue;
    if (page.length === limit) {
      more = latest;
      break;
    }
    page.push(shown);
    latest = each;
  }
  const next = more === null ? {} : { tapped_ports_links: [nextLink(request, more)] };
  return { status: 200, body: { tapped_ports: page, ...next } };
}

export function nextLink({ origin, path, query }: ApiRequest, marker: string) {
  const kept = query.filter(([name]) => name !== 'marker').map(([name, value]): [string, string] => [name, value]);
  return { rel: 'next', href: `${origin}${path}?${new URLSearchParams([...kept, ['marker', marker]]).toString()}` };
}

function candidates(
  { index }: TappedPortsDeps,
  caller: Caller,
  project: string | null,
  port: string | null,
): Iterable<string> {
  if (port !== null) return [port];
  if (!caller.seesAllProjects) return index.ofProject(caller.projectId);
  return project === null ? index.all() : index.ofProject(project);
}

function show({ live: { view }, access }: TappedPortsDeps, port: string, caller: Caller): object | null {
  const owner = ownerOf(view, port);
  if (!caller.seesAllProjects && (owner === null || owner !== caller.projectId)) return null;
  if (!access.seesTappedPort(owner, caller)) return null;
  const ids = [
    ...view.flowsByPort.get(port).map((id) => view.flows.get(id)?.record),
    ...view.mirrors.byPort.get(port).map((id) => view.mirrors.byId.get(id)?.record),
  ];
  const records = ids.filter((record) => record !== undefined && record !== null);
  if (records.length === 0) return null;
  const tapped_by = records.slice(0, tappedPortsPage.taps).map((record) => {
    const { id, project_id } = record;
    const common = {
      id,
      project_id,
      since: isoTime(record.created_at),
      deleting: record.deleting === true,
    };
    if ('tap_service_id' in record) {
      const { tap_service_id, direction } = record;
      const collector = view.services.get(tap_service_id)?.record?.port_id ?? null;
      return { kind: 'tap_flow', ...common, direction, destination: { tap_service_id, port_id: collector } };
    }
    const { mirror_type, remote_ip, directions } = record;
    return {
      kind: 'tap_mirror',
      ...common,
      direction: Object.keys(directions).join(' '),
      destination: { mirror_type, remote_ip },
    };
  });
  return { port_id: port, project_id: owner, taps: records.length, tapped_by };
}
