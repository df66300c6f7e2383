import type { NodeTapFlow } from '@taas/model';
import { findPort } from '../find-interface.js';
import type { ActualInterface } from '../objects/interface.js';
import { type Found, found, pending } from '../plan/blocker.js';
import type { ActualView } from '../snapshot.js';
import { portTagPrefix } from '../tags.js';
import { includesVlan, parseVlanFilter, type VlanRange } from './vlan-ranges.js';

/** An interface that a flow mirrors, and the port that it must still belong to when that is done. */
export interface FlowSource {
  readonly index: number;
  readonly port: string;
}

/**
 * The interfaces that carry what a flow asks for. A trunk's port gets the frames of each subport's VLAN on a sub-interface
 * of its own, where the port's mirror does not see them: with a VLAN filter those that it names are sources too. The VM
 * behind the port sends and receives them all, so it sees nothing that is not its own.
 */
export function flowSources(
  port: string,
  vlans: readonly VlanRange[] | null,
  actual: ActualView,
): Found<readonly FlowSource[]> {
  const own = findPort(port, actual);
  if (own.blocker) return own;
  const sources = [{ index: own.value.index, port }, ...subports(own.value, vlans, actual)];
  // VPP mirrors at layer 2, and takes an order for an interface that is not there without ever copying anything.
  const connected = sources.filter(({ index }) => actual.features.get(index));
  return connected.length > 0
    ? found(connected)
    : pending('port_not_connected', `source port ${port} is not connected to its network yet`);
}

/** The interfaces that a flow may mirror: what has to be read before {@link flowSources} can choose. */
export function possibleSources(
  { source_port, vlan_filter }: Pick<NodeTapFlow, 'source_port' | 'vlan_filter'>,
  actual: ActualView,
): number[] {
  const own = findPort(source_port, actual).value;
  if (!own) return [];
  const vlans = vlan_filter === null ? null : (parseVlanFilter(vlan_filter).value ?? []);
  return [own.index, ...subports(own, vlans, actual).map(({ index }) => index)];
}

function subports(parent: ActualInterface, vlans: readonly VlanRange[] | null, actual: ActualView): FlowSource[] {
  if (vlans === null) return [];
  return [...actual.interfaces.by('parent', parent.index)].flatMap(({ index, vlan, tag }) =>
    vlan && includesVlan(vlans, vlan.outer) && tag.startsWith(portTagPrefix)
      ? [{ index, port: tag.slice(portTagPrefix.length) }]
      : [],
  );
}
