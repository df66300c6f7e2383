import { type ActualGreTunnel, type ActualRoute, canonicalAddress, type GreSpec } from '@taas/wiring';
import { type AgentMessages, type DetailsFields, fromVppAddress, type RequestFields, toVppAddress } from 'vpp-api';
import { anyIndex, type Vpp } from './vpp-messages.js';

const teb = 1;
const erspan = 2;
const pointToPoint = 0;

/** Undefined for tunnels of kinds that we never make: of IP packets, multipoint, in another VRF, ERSPAN with a key. */
export function toGreTunnel({
  tunnel,
}: DetailsFields<AgentMessages, 'gre_tunnel_v2_dump'>): ActualGreTunnel | undefined {
  const { type, mode, key, session_id: session, outer_table_id: table } = tunnel;
  const isOfOurKind = type === teb || (type === erspan && key === 0);
  if (!isOfOurKind || mode !== pointToPoint || table !== 0) return undefined;
  return {
    index: tunnel.sw_if_index,
    instance: tunnel.instance,
    type: type === teb ? 'teb' : 'erspan',
    local: canonicalAddress(fromVppAddress(tunnel.src)),
    remote: canonicalAddress(fromVppAddress(tunnel.dst)),
    id: type === teb ? key : session,
  };
}

/** The tunnel in `gre_tunnel_add_del_v2`, which has a GRE key where the first version has none. */
export function fromGreSpec(
  spec: GreSpec,
  instance: number = anyIndex,
): RequestFields<AgentMessages, 'gre_tunnel_add_del_v2'>['tunnel'] {
  return {
    type: spec.type === 'teb' ? teb : erspan,
    mode: pointToPoint,
    flags: 0,
    session_id: spec.type === 'erspan' ? spec.id : 0,
    instance,
    outer_table_id: 0,
    sw_if_index: anyIndex,
    src: toVppAddress(spec.local),
    dst: toVppAddress(spec.remote),
    key: spec.type === 'teb' ? spec.id : 0,
  };
}

const normalPath = 0;
const localPath = 1;
/** Routes by way of routes: more than an operator would stack. */
const deepest = 8;

/**
 * Where VPP would send packets for an address. A path without an interface is a route by way of another address
 * (vnet/fib/fib_types.api), which is looked up in turn.
 */
export async function lookUpRoute(vpp: Vpp, address: string): Promise<ActualRoute> {
  let next = address;
  for (let depth = 0; depth < deepest; depth++) {
    const { route } = await vpp.request('ip_route_lookup', {
      table_id: 0,
      exact: 0,
      prefix: { address: toVppAddress(next), len: next.includes(':') ? 128 : 32 },
    });
    const [first] = route.paths;
    if (first?.type === localPath) return depth === 0 ? { to: 'self' } : { to: 'nowhere' };
    if (first?.type !== normalPath) return { to: 'nowhere' };
    if (first.sw_if_index !== anyIndex) return { to: 'interface', index: first.sw_if_index };
    next = fromVppAddress({ af: first.proto === 1 ? 1 : 0, un: first.nh.address });
  }
  return { to: 'nowhere' };
}
