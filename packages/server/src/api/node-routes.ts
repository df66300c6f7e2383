import { keys } from '@taas/model';
import type { Clock } from '@taas/service';
import type { Access } from '../auth/access.js';
import type { Caller } from '../auth/authenticator.js';
import { badRequest, methodNotAllowed, unavailable } from '../errors/neutron-error.js';
import { listBody } from '../http/list-body.js';
import type { ApiAnswer, ApiRequest } from '../http/request.js';
import type { Sliced, Slices } from '../slices/slices.js';
import { longestPackets, unknownMtu } from '../status/node-look.js';
import { tapsByNode } from '../status/node-sums.js';
import { shownNode, unreadableNode } from '../status/shown-node.js';
import type { LiveView } from '../view/live-view.js';
import { nextLink } from './tapped-ports.js';

export interface NodeRouteDeps {
  readonly live: LiveView;
  readonly access: Access;
  readonly slices: Slices;
  readonly clock: Clock;
  /** This server's release, with which those of agents are compared; null: they are not. */
  readonly version: string | null;
}

const mostNodes = 1_000;

/** `GET /v2.0/taas/nodes`: the nodes whose agents are there, by name; for administrators. @throws NeutronError */
export async function nodeRoute(deps: NodeRouteDeps, request: ApiRequest, caller: Caller): Promise<ApiAnswer> {
  deps.access.mayReadNodes(caller);
  if (request.method !== 'GET') throw methodNotAllowed(request.method);
  const query = parseQuery(request);
  if (!deps.live.fresh) throw unavailable('etcd cannot be seen at the moment: try again.');
  return { status: 200, json: await deps.slices.run(caller.projectId, nodes(deps, query, request), request.signal) };
}

interface NodeQuery {
  /** The node before the first that is wanted. */
  readonly marker: string | null;
  readonly limit: number;
}

function parseQuery({ query }: ApiRequest): NodeQuery {
  const unknown = query.map(([name]) => name).filter((name) => name !== 'limit' && name !== 'marker');
  if (unknown.length > 0) throw badRequest(`Nodes cannot be filtered by: ${unknown.sort().join(', ')}`);
  const last = (name: string) => query.filter(([key]) => key === name).at(-1)?.[1] || null;
  const limit = last('limit');
  if (limit !== null && !/^[1-9][0-9]{0,3}$/.test(limit)) throw badRequest(`limit is a number from 1 to ${mostNodes}`);
  return { marker: last('marker'), limit: Math.min(mostNodes, Number(limit ?? mostNodes)) };
}

function* nodes(
  { live, clock, version }: NodeRouteDeps,
  { marker, limit }: NodeQuery,
  request: ApiRequest,
): Sliced<readonly Buffer[]> {
  const { view } = live;
  const taps = yield* tapsByNode(view);
  const mtus = yield* longestPackets(view);
  const names = [...view.agents.keys(), ...view.silent.keys()].sort();
  const after = marker === null ? names : names.filter((name) => name > marker);
  const page = after.slice(0, limit);
  const last = page.at(-1);
  const links = after.length > limit && last !== undefined ? [nextLink(request, last)] : [];
  return yield* listBody('nodes', page, shown, () => links);

  function shown(node: string): object {
    const silent = view.silent.get(node);
    const record = (silent ?? view.agents.get(node))?.record ?? null;
    if (record === null) return unreadableNode(node, view.problems.get(keys.agent(node)) ?? 'it has just gone');
    const beat = view.heartbeats.get(node)?.at ?? null;
    const aheadMs = live.aheadMs(node);
    const mtu = mtus.get(node) ?? 0;
    return shownNode(record, {
      agent: silent ? 'silent' : 'there',
      heardAt: beat === null ? null : beat - (aheadMs ?? 0),
      onlooker: {
        now: clock.now(),
        version: version ?? record.agent_version,
        aheadMs,
        portMtu: mtu === unknownMtu ? null : mtu,
      },
      taps: taps.get(node) ?? { told: 0, active: 0 },
    });
  }
}
