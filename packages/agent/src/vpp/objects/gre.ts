import { type ActualGreTunnel, canonicalAddress, type GreSpec, type GreStep } from '@taas/wiring';
import { type AgentMessages, type DetailsFields, fromVppAddress, type RequestFields, toVppAddress } from 'vpp-api';
import { Alternatives, handler, LacksError } from '../alternatives.js';
import { anyIndex, type Vpp } from '../vpp-messages.js';
import { type Listed, listObjects } from './list-objects.js';
import { nothing, type ReadContext, type Twin } from './twin.js';

type Key = DetailsFields<AgentMessages, 'gre_tunnel_v2_dump'>['tunnel'];
type WithoutKey = DetailsFields<AgentMessages, 'gre_tunnel_dump'>['tunnel'];

interface GreTunnels {
  /** Whether a tunnel can have a GRE key: without one, GRE that is not ERSPAN cannot be told apart, and is not made. */
  readonly keys: boolean;
  addOrDelete(spec: GreSpec, isAdd: boolean, instance?: number): Promise<{ readonly sw_if_index: number }>;
  list(context: ReadContext): Promise<readonly (WithoutKey & Partial<Key>)[]>;
}

/** From 26.06 on; 25.10 and 26.02, where the dump has another name; before, where there is no key. */
export const greTunnels = new Alternatives<GreTunnels>('GRE tunnels', [
  handler(['gre_tunnel_add_del_v2', 'gre_tunnel_v2_dump'], (vpp) => ({
    keys: true,
    addOrDelete: (spec, is_add, instance) =>
      vpp.request('gre_tunnel_add_del_v2', { is_add, tunnel: withKey(spec, instance) }),
    list: async (context) => tunnelsOf(await listObjects({ ...context, vpp }, 'gre_tunnel_v2_dump', all)),
  })),
  handler(['gre_tunnel_add_del_v2', 'gre_tunnel_dump_v2'], (vpp) => ({
    keys: true,
    addOrDelete: (spec, is_add, instance) =>
      vpp.request('gre_tunnel_add_del_v2', { is_add, tunnel: withKey(spec, instance) }),
    list: async (context) => tunnelsOf(await listObjects({ ...context, vpp }, 'gre_tunnel_dump_v2', all)),
  })),
  handler(['gre_tunnel_add_del', 'gre_tunnel_dump'], (vpp) => ({
    keys: false,
    addOrDelete: (spec, is_add, instance) =>
      vpp.request('gre_tunnel_add_del', { is_add, tunnel: fromSpec(spec, instance) }),
    list: async (context) => tunnelsOf(await listObjects({ ...context, vpp }, 'gre_tunnel_dump', all)),
  })),
]);

const all = { sw_if_index: anyIndex } as const;

function tunnelsOf<T>({ details }: Listed<{ readonly tunnel: T }>): readonly T[] {
  return details.map(({ tunnel }) => tunnel);
}

/** @throws LacksError of a tunnel with a key where VPP has none: it would take the copies of every other tunnel to the address */
function tunnelsFor(vpp: Vpp, spec: GreSpec): GreTunnels {
  const tunnels = greTunnels.of(vpp);
  if (spec.type === 'teb' && !tunnels.keys)
    throw new LacksError(
      `VPP ${vpp.version.version} on this node has no GRE keys (25.10 is the first release that has), so it cannot send tap ` +
        'mirrors of type gre: use mirror_type erspanv1',
    );
  return tunnels;
}

export const greTwin: Twin<GreStep> = {
  send: {
    'create-gre': async ({ spec, instance }, { vpp }) =>
      (await tunnelsFor(vpp, spec).addOrDelete(spec, true, instance)).sw_if_index,
    'delete-gre': ({ spec }, { vpp }) => greTunnels.of(vpp).addOrDelete(spec, false),
  },
  needs: [greTunnels],
  readAll: readTunnels,
  readsLast: false,
  readTouched: readTunnels,
  readTagged: nothing,
  readOn: nothing,
};

async function readTunnels(context: ReadContext): Promise<void> {
  const listed = await greTunnels.of(context.vpp).list(context);
  const tunnels = listed.flatMap((each) => context.contained.attempt('a GRE tunnel', () => toTunnel(each), []));
  context.snapshot.gres.replace(tunnels.map((tunnel) => [tunnel.index, tunnel]));
}

/** VPP's numbers of the kinds that we make (plugins/gre/gre.api). */
const numbers = { teb: 1, erspan: 2 } as const satisfies Record<GreSpec['type'], number>;
const pointToPoint = 0;

/** None for tunnels of kinds that we never make: of IP packets, multipoint, in another VRF, ERSPAN with a key. */
function toTunnel(tunnel: WithoutKey & Partial<Key>): ActualGreTunnel[] {
  const { mode, key = 0, session_id: session, outer_table_id: table } = tunnel;
  const type = tunnel.type === numbers.teb ? 'teb' : tunnel.type === numbers.erspan && key === 0 ? 'erspan' : null;
  if (type === null || mode !== pointToPoint || table !== 0) return [];
  return [
    {
      index: tunnel.sw_if_index,
      instance: tunnel.instance,
      type,
      local: canonicalAddress(fromVppAddress(tunnel.src)),
      remote: canonicalAddress(fromVppAddress(tunnel.dst)),
      id: type === 'teb' ? key : session,
    },
  ];
}

function fromSpec(
  spec: GreSpec,
  instance: number = anyIndex,
): RequestFields<AgentMessages, 'gre_tunnel_add_del'>['tunnel'] {
  return {
    type: numbers[spec.type],
    mode: pointToPoint,
    flags: 0,
    session_id: spec.type === 'erspan' ? spec.id : 0,
    instance,
    outer_table_id: 0,
    sw_if_index: anyIndex,
    src: toVppAddress(spec.local),
    dst: toVppAddress(spec.remote),
  };
}

function withKey(spec: GreSpec, instance?: number): RequestFields<AgentMessages, 'gre_tunnel_add_del_v2'>['tunnel'] {
  return { ...fromSpec(spec, instance), key: spec.type === 'teb' ? spec.id : 0 };
}
