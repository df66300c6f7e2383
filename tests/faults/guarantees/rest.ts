import { keys, parseKey, prefixes } from '@taas/model';
import type { PicturedInterface, SwitchPicture } from '../world/switch-picture.js';
import { pictureOfSwitch } from '../world/switch-picture.js';
import { portId, type World } from '../world/world.js';
import { type Expected, expectedBy } from './expected.js';

/** Something that must be true when everything has been healed; says what is not, or null. */
export type RestGuarantee = (world: World, expected: Expected) => Promise<string | null>;

/** Whatever the API has accepted is there, and what it has refused is not. */
export async function acceptedIsThere({ ledger }: World, { taps }: Expected): Promise<string | null> {
  const there = new Set(taps.map(({ asked }) => asked));
  for (const tap of ledger.asked) {
    if (tap.created === 'accepted' && tap.deleted === null && !there.has(tap))
      return `${tap.name} was accepted and is lost`;
    if (tap.created === 'refused' && there.has(tap)) return `${tap.name} was refused and is there`;
  }
  for (const { asked, shown } of taps) {
    if (asked === undefined) return `${shown.name} (${shown.id}) is there and nobody has asked for it`;
    if (asked.id !== shown.id) return `${shown.name} is there as ${shown.id} and was answered as ${asked.id}`;
    const { description } = shown;
    if (description !== asked.description && !asked.perhaps.has(description))
      return `${shown.name} is described as "${description}", not "${asked.description}"`;
  }
  return null;
}

/** Whatever the API has accepted to delete is gone. */
export async function deletedIsGone(_world: World, { taps }: Expected): Promise<string | null> {
  const kept = taps.find(({ asked }) => asked?.deleted === 'accepted');
  return kept ? `${kept.shown.name} was deleted and is ${kept.shown.status} (${kept.shown.status_reason})` : null;
}

/** Each tap has the status that follows from where its ports are, and both servers say so. */
export async function statusIsTrue(world: World, expected: Expected): Promise<string | null> {
  const { model } = expected;
  const active = {
    tap_services: new Map([...model.services.values()].map((each) => [each.id, model.isActiveService(each)])),
    tap_flows: new Map([...model.flows.values()].map((each) => [each.id, model.isActiveFlow(each)])),
    tap_mirrors: new Map([...model.mirrors.values()].map((each) => [each.id, model.isActiveMirror(each)])),
  };
  const other = await expectedBy(world, 1);
  for (const { taps } of [expected, other]) {
    if (taps.length !== expected.taps.length)
      return `server 0 lists ${expected.taps.length} taps, server 1 ${taps.length}`;
    for (const { kind, shown } of taps) {
      const wanted = active[kind].get(shown.id) ? 'ACTIVE' : 'PENDING_CREATE';
      if (shown.status !== wanted) return `${shown.name} is ${shown.status} (${shown.status_reason}), not ${wanted}`;
    }
  }
  return null;
}

/** Each node has been told all that concerns it, and has confirmed the newest of it. */
export async function nodesHaveConfirmed({ cloud, model: ports }: World, { model }: Expected): Promise<string | null> {
  const { entries } = await cloud.store.list(prefixes.nodes);
  const states = new Map((await cloud.store.list(prefixes.state)).entries.map(({ key, value }) => [key, value]));
  const published = new Set(entries.map(({ key }) => key));
  const nodeOf = (port: number | undefined) => {
    const bound = port === undefined ? null : (ports.ports[port]?.bound ?? null);
    return bound === null ? null : cloud.node(bound).name;
  };
  for (const { id, port } of model.services.values()) {
    const node = nodeOf(port);
    if (node !== null && !published.has(keys.nodeResource(node, 'tap_services', id)))
      return `${node} has not been told of ${id}`;
  }
  for (const { id, port, service } of model.flows.values()) {
    const node = nodeOf(port);
    const collector = nodeOf(model.services.get(service)?.port);
    if (node !== null && collector !== null && !published.has(keys.nodeResource(node, 'tap_flows', id)))
      return `${node} has not been told of ${id}`;
  }
  for (const { id, port } of model.mirrors.values()) {
    const node = nodeOf(port);
    if (node !== null && !published.has(keys.nodeResource(node, 'tap_mirrors', id)))
      return `${node} has not been told of ${id}`;
  }
  for (const { key, value, modRevision } of entries) {
    if (parseKey(key).is !== 'node-resource') continue;
    if ((JSON.parse(value) as { removed?: boolean }).removed) return `${key} is a tombstone`;
    const state = states.get(key.replace('/nodes/', '/state/'));
    if (state === undefined || (JSON.parse(state) as { revision: number }).revision !== modRevision)
      return `${key} is not confirmed`;
  }
  return null;
}

/** No agent has anything left to do, by its own dry run. */
export async function agentsAreDone({ cloud }: World): Promise<string | null> {
  for (const node of cloud.nodes) {
    const lines = await cloud.stillToDo(node);
    if (lines.length > 0) return `${node.name} has still to do: ${lines.slice(0, 12).join('; ')}`;
  }
  return null;
}

/** etcd holds no key of a tap that is not there: of the API, of nodes, their states, segments, or roles of ports. */
export async function etcdHoldsOnlyWanted({ cloud }: World, { model, taps }: Expected): Promise<string | null> {
  const ids = new Set(taps.map(({ shown }) => shown.id));
  const roles = new Set(
    [...model.services.values(), ...model.flows.values(), ...model.mirrors.values()].map(({ port }) => portId(port)),
  );
  const { entries } = await cloud.store.list('/networking-vpp/');
  for (const { key, value } of entries) {
    const parsed = parseKey(key);
    if (parsed.is === 'resource' || parsed.is === 'node-resource' || parsed.is === 'state-resource') {
      if (!ids.has(parsed.id)) return `${key} is there and its tap is not`;
    } else if (parsed.is === 'segment') {
      const holder = (JSON.parse(value) as { tap_service_id: string }).tap_service_id;
      if (!model.services.has(holder)) return `${key} is held by ${holder}, which is not there`;
    } else if (parsed.is === 'port-role' && !roles.has(parsed.port)) return `${key} is there and no tap has the port`;
  }
  return null;
}

/**
 * A switch holds, of ours, one loopback for each flow that copies there, one bridge domain for each of its services, and
 * the attachments of those, unicast by its own where the collector is; of each tunnel of a mirror there, a loopback, a bridge domain and the tunnel; no mirror
 * but to such a loopback; and of networking-vpp's, all that was there, as it was.
 */
export async function switchesHoldOnlyWanted(world: World, expected: Expected): Promise<string | null> {
  for (const node of world.cloud.nodes) {
    const picture = await pictureOfSwitch(node.switch);
    const wrong = ourPart(picture, expected, node.n) ?? theirPart(picture, expected, node.n, world);
    if (wrong !== null) return `the switch of ${node.name} holds ${wrong}`;
  }
  return null;
}

function ourPart(picture: SwitchPicture, { model }: Expected, node: number): string | null {
  const here = (port: number | undefined) => port !== undefined && model.ports[port]?.on === node;
  const flows = new Set([...model.flows.values()].filter(({ port }) => here(port)).map(({ id }) => id));
  const services = new Set(
    [...model.services.values()]
      .filter(
        ({ id, port }) =>
          here(port) || [...model.flows.values()].some((flow) => flow.service === id && flows.has(flow.id)),
      )
      .map(({ id }) => id),
  );
  const legs = new Set(
    [...model.mirrors.values()]
      .filter(({ port }) => here(port))
      .flatMap(({ id, tunnels }) => Object.keys(tunnels).map((direction) => `${id}/${direction}`)),
  );
  const ownersOf = (kind: string) => (isOfMirror(kind) ? legs : kind === 'flow' ? flows : services);
  const seen = new Set<string>();
  for (const { name, tag } of picture.interfaces) {
    const [, kind, id] = /^taas\.(\w+):(.*)$/.exec(tag) ?? [];
    if (kind === undefined || id === undefined) continue;
    if (!ownersOf(kind).has(id)) return `${name} (${tag}), which nobody wants there`;
    // Tunnels are one for each node at the other end.
    if (seen.has(tag) && kind !== 'vxlan') return `${tag} twice`;
    seen.add(tag);
  }
  const tagOf = new Map(picture.interfaces.map(({ index, tag }) => [index, tag]));
  for (const { id, tag, unicast } of picture.bridgeDomains) {
    const [, kind, owner = ''] = /^taas\.(\w+):(.*)$/.exec(tag) ?? [];
    if (kind === undefined ? id >= 1_000 : !ownersOf(kind).has(owner))
      return `bridge domain ${id} (${tag}), which nobody wants`;
    if (kind !== undefined && seen.has(`domain ${tag}`)) return `${tag} twice`;
    if (kind !== undefined) seen.add(`domain ${tag}`);
    const taker = unicast === null ? undefined : tagOf.get(unicast);
    const wanted = here(model.services.get(owner)?.port) ? `taas.unicast:${owner}` : undefined;
    if (taker !== wanted) return `bridge domain ${id} (${tag}) with its unicast to ${taker}, not ${wanted}`;
  }
  for (const { from, to } of picture.mirrors)
    if (!tagOf.get(to)?.startsWith('taas.') || !tagOf.get(from)?.startsWith('net-vpp.port:'))
      return `a mirror from ${from} (${tagOf.get(from)}) to ${to} (${tagOf.get(to)})`;
  const untagged = picture.interfaces.find((each) => isOfOurMaking(each) && !each.tag.startsWith('taas.'));
  if (untagged) return `${untagged.name} (${untagged.tag}), which is nobody's`;
  const acl = picture.acls.find((tag) => tag.startsWith('taas.'));
  if (acl !== undefined) return `ACL ${acl}, and no tap has a filter`;
  const policer = picture.policers.find((name) => name.startsWith('taas.'));
  return policer === undefined ? null : `policer ${policer}, and there is no budget`;
}

const isOfMirror = (kind: string): boolean => kind === 'mirror' || kind === 'gre';

/** In these clouds nobody else makes loopbacks, tunnels or sub-interfaces. */
function isOfOurMaking({ name, up }: PicturedInterface): boolean {
  // A sub-interface that was made and not tagged when the connection broke is down, and is taken by the next tap.
  return (
    name.startsWith('loop') || name.startsWith('vxlan_tunnel') || name.startsWith('gre') || (name.includes('.') && up)
  );
}

function theirPart(picture: SwitchPicture, { model }: Expected, node: number, { traffic }: World): string | null {
  const tags = new Map(picture.interfaces.map(({ index, tag }) => [tag, index]));
  const networks = new Map(picture.bridgeDomains.map(({ id, members }) => [id, members]));
  const wanted = new Map<number, number>();
  for (const [n, port] of model.ports.entries()) {
    const index = tags.get(`net-vpp.port:${portId(n)}`);
    if ((port.on === node) !== (index !== undefined))
      return `port ${n}: ${index === undefined ? 'not there' : 'too many'}`;
    if (index === undefined) continue;
    const network = 100 + (n % 2);
    if (!networks.get(network)?.includes(index)) return `port ${n}, which is not in its network`;
    wanted.set(network, (wanted.get(network) ?? 0) + 1);
  }
  for (const [network, members] of networks) {
    if (network >= 1_000) continue;
    // A peer of the test stands in each network of a node that takes part.
    const peers = traffic.listeners().some((station) => station === `peer:${node}:${network - 100}`) ? 1 : 0;
    if (members.length !== (wanted.get(network) ?? 0) + peers) return `${members.length} members in network ${network}`;
  }
  return null;
}

export const restGuarantees: Readonly<Record<string, RestGuarantee>> = {
  ...{ acceptedIsThere, deletedIsGone, statusIsTrue, nodesHaveConfirmed, agentsAreDone },
  ...{ etcdHoldsOnlyWanted, switchesHoldOnlyWanted },
};
