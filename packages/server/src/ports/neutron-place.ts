import type { NeutronPort } from '@taas/neutron';
import { type KnownPlace, notBound } from '../view/bound-ports.js';

/**
 * Where a port is bound, as Neutron shows it to a service user. `binding:host_id` is what networking-vpp's mechanism driver
 * puts as the node into its keys, and what its agents call themselves. While a VM migrates it is the host that the port is
 * bound on, not the one that it will be on.
 * @returns undefined if Neutron does not show bindings to us
 */
export function placeOfPort({ id, projectId, binding }: NeutronPort): KnownPlace | undefined {
  if (binding === null) return undefined;
  const { hostId, vifType } = binding;
  if (vifType === 'binding_failed') {
    return { is: 'unbound', reason: `Neutron could not bind port ${id}${hostId === null ? '' : ` on ${hostId}`}` };
  }
  if (hostId === null || vifType === 'unbound') return { is: 'unbound', reason: notBound(id) };
  // It becomes a part of keys.
  if (hostId.includes('/'))
    return { is: 'unbound', reason: `port ${id} is bound on "${hostId}", which is no node's name` };
  return { is: 'bound', node: hostId, projectId, mtu: null };
}
