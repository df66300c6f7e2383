import type { NodeFacts } from './node-facts.js';
import type { ActualInterface } from './objects/interface.js';
import { type Found, found, pending, refused } from './plan/blocker.js';
import type { ActualView } from './snapshot.js';
import { physnetTagPrefix, portIdInPath, portTagPrefix } from './tags.js';

/** What looking for a port asks for. */
export interface PortsView {
  readonly interfaces: Pick<ActualView['interfaces'], 'by'>;
}

/**
 * The interface of a Neutron port: the one with networking-vpp's tag, else an untagged vhost-user interface whose socket
 * is named after the port. Never by a stored index, which VPP gives to another port as soon as this one is gone.
 */
export function findPort(port: string, actual: PortsView): Found<ActualInterface> {
  const [first, second] = portCandidates(port, actual);
  if (!first) return pending('port_not_on_node', `port ${port} is not on this node yet`);
  if (second)
    return refused(
      'port_ambiguous',
      `port ${port} is claimed by two interfaces of VPP, ${first.name} and ${second.name}: remove one`,
    );
  return found(first);
}

/** Whether this very interface is the port's, by the rules of {@link findPort}. */
export function isPort(entry: ActualInterface, port: string): boolean {
  if (entry.tag !== '') return entry.tag.toLowerCase() === `${portTagPrefix}${port}`.toLowerCase();
  return entry.socket?.toLowerCase().includes(port.toLowerCase()) ?? false;
}

/** The port that an interface is, by its tag or socket; null for anything else. */
export function portOf(entry: ActualInterface): string | null {
  if (entry.tag !== '') return entry.tag.startsWith(portTagPrefix) ? entry.tag.slice(portTagPrefix.length) : null;
  return entry.socket === undefined ? null : (portIdInPath.exec(entry.socket)?.[0] ?? null);
}

/** The tag that the interface goes by: its own, or for an untagged port the one that networking-vpp would give it. */
export function tagOrPort(entry: ActualInterface): string {
  const port = entry.tag === '' ? portOf(entry) : null;
  return port === null ? entry.tag : `${portTagPrefix}${port}`;
}

function portCandidates(port: string, actual: PortsView): ActualInterface[] {
  const tagged = [...actual.interfaces.by('tag', `${portTagPrefix}${port}`)];
  if (tagged.length === 0 && port !== port.toLowerCase())
    tagged.push(...actual.interfaces.by('tag', `${portTagPrefix}${port.toLowerCase()}`));
  if (tagged.length > 0) return tagged;
  return actual.interfaces.by('port', port.toLowerCase()).filter((entry) => entry.tag === '');
}

/** The uplink of a physical network if it is up; setting it up is for whoever set it down. */
export function findUplink(
  physnet: string,
  actual: ActualView,
  facts: Pick<NodeFacts, 'uplinks'>,
): Found<ActualInterface> {
  const uplink = uplinkOf(physnet, actual, facts);
  if (!uplink.value || uplink.value.adminUp) return uplink;
  return pending('link_down', `the uplink ${uplink.value.name} of physnet ${physnet} is down`);
}

/** The uplink of a physical network, up or down: the interface that networking-vpp tagged, else the configured one. */
export function uplinkOf(
  physnet: string,
  actual: ActualView,
  facts: Pick<NodeFacts, 'uplinks'>,
): Found<ActualInterface> {
  const [first, second] = actual.interfaces.by('tag', `${physnetTagPrefix}${physnet}`);
  if (second && first)
    return refused(
      'uplink_ambiguous',
      `physnet ${physnet} has two uplinks in VPP, ${first.name} and ${second.name}: remove one`,
    );
  const configured = facts.uplinks.get(physnet);
  const uplink = first ?? (configured === undefined ? undefined : actual.interfaces.by('name', configured).at(-1));
  if (!uplink)
    return pending(
      'uplink_missing',
      configured === undefined
        ? `physnet ${physnet} has no uplink on this node`
        : `the uplink ${configured} of physnet ${physnet} is not in VPP`,
    );
  return found(uplink);
}
