import type { Access } from '../auth/access.js';
import type { Caller } from '../auth/authenticator.js';
import type { Contained } from '../errors/contained.js';
import { badRequest, methodNotAllowed, portNotFound, unavailable } from '../errors/neutron-error.js';
import { isoTime } from '../http/iso-time.js';
import { listBody } from '../http/list-body.js';
import type { Link } from '../http/list-query.js';
import type { ApiAnswer, ApiRequest } from '../http/request.js';
import type { Sliced, Slices } from '../slices/slices.js';
import type { Tapping } from '../taps/tap-kind.js';
import { tapKinds } from '../taps/tap-kinds.js';
import { shownConsent, shownTerms } from '../taps/terms/shown-terms.js';
import type { ClusterView } from '../view/cluster-view.js';
import type { LiveView } from '../view/live-view.js';
import type { OwnWrites } from '../view/own-writes.js';
import { ownerOf } from '../view/port-owner.js';
import { shelf, type TapRecord } from '../view/shelf.js';
import type { ProjectPlaces } from './project-places.js';

export interface TappedPortsDeps {
  readonly live: LiveView;
  readonly access: Access;
  readonly writes: OwnWrites;
  /** A page has many ports, and each of them many taps. */
  readonly slices: Slices;
  readonly places: ProjectPlaces;
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
  const query = parseQuery(request);
  const release = await deps.places.take(caller.projectId, request.signal);
  request.whenAnswered(release);
  const json = await deps.slices.run(caller.projectId, page(deps, request, query, caller), request.signal);
  return { status: 200, json };
}

interface TappedPortsQuery {
  readonly project: string | null;
  readonly port: string | null;
  readonly marker: string | null;
  readonly limit: number;
}

function parseQuery({ query }: ApiRequest): TappedPortsQuery {
  const last = (name: string) => query.filter(([key]) => key === name).at(-1)?.[1] || null;
  const limit = last('limit');
  if (limit !== null && !/^[1-9][0-9]{0,3}$/.test(limit))
    throw badRequest(`limit is a number from 1 to ${tappedPortsPage.ports}`);
  const { ports: most } = tappedPortsPage;
  const asked = Math.min(most, Number(limit ?? most));
  return { project: last('project_id'), port: last('port_id'), marker: last('marker'), limit: asked };
}

/**
 * What is on the page is fixed port by port, as each has its turn. It is text at once: a page has up to 100,000 taps, and as objects
 * they would keep garbage collection busy.
 */
function page(
  deps: TappedPortsDeps,
  request: ApiRequest,
  query: TappedPortsQuery,
  caller: Caller,
): Sliced<readonly Buffer[]> {
  let more: string | null = null;
  const links = () => (more === null ? [] : [nextLink(request, more)]);
  return listBody('tapped_ports', shown(), (port) => port, links);

  /** The ports of the page; null for one that is not on it. */
  function* shown(): Generator<object | null, void, void> {
    let found = 0;
    let latest = '';
    let begun = query.marker === null;
    for (const each of candidates(deps, caller, query)) {
      const isNext = begun;
      begun ||= each === query.marker;
      const port = isNext ? deps.contained.attempt(`tapped port ${each}`, () => show(deps, each, caller), null) : null;
      if (port && found === query.limit) {
        more = latest;
        return;
      }
      yield port;
      if (port === null) continue;
      found += 1;
      latest = each;
    }
  }
}

export function nextLink({ origin, path, query }: ApiRequest, marker: string): Link {
  const kept = query.filter(([name]) => name !== 'marker').map(([name, value]): [string, string] => [name, value]);
  return { rel: 'next', href: `${origin}${path}?${new URLSearchParams([...kept, ['marker', marker]]).toString()}` };
}

function candidates({ live }: TappedPortsDeps, caller: Caller, { project, port }: TappedPortsQuery): Iterable<string> {
  const { tapped: index } = live.view;
  if (port !== null) return [port];
  if (!caller.seesAllProjects) return index.ofProject(caller.projectId);
  return project === null ? index.all() : index.ofProject(project);
}

function show({ live: { view }, access }: TappedPortsDeps, port: string, caller: Caller): object | null {
  const owner = ownerOf(view, port);
  if (!caller.seesAllProjects && (owner === null || owner !== caller.projectId)) return null;
  if (!access.seesTappedPort(owner, caller)) return null;
  const taps = view.flowsByPort.count(port) + view.mirrors.byPort.count(port);
  if (taps === 0) return null;
  const tapped_by = first(tapsOf(view, port), tappedPortsPage.taps).map(({ record, tapping: { kind, ...how } }) => {
    const { id, project_id } = record;
    const about = { kind, id, project_id, since: isoTime(record.created_at), deleting: record.deleting === true };
    return { ...about, ...shownTerms(record), ...shownConsent(record), ...how };
  });
  return { port_id: port, project_id: owner, taps, tapped_by };
}

function* tapsOf(view: ClusterView, port: string): Iterable<{ readonly record: TapRecord; readonly tapping: Tapping }> {
  const taps = { tap_flows: view.flowsByPort, tap_mirrors: view.mirrors.byPort };
  for (const kind of ['tap_flows', 'tap_mirrors'] as const) {
    const { byId } = shelf(view, kind);
    for (const id of taps[kind].members(port)) {
      const record = byId.get(id)?.record;
      const tapping = record && tapKinds[kind].tapping(record, view);
      if (record && tapping) yield { record, tapping };
    }
  }
}

function first<T>(items: Iterable<T>, count: number): T[] {
  const found: T[] = [];
  for (const item of items) {
    if (found.length === count) break;
    found.push(item);
  }
  return found;
}
