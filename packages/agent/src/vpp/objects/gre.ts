import { type ActualGreTunnel, canonicalAddress, type GreSpec, type GreStep } from '@taas/wiring';
import { type AgentMessages, type DetailsFields, fromVppAddress, type RequestFields, toVppAddress } from 'vpp-api';
import { anyIndex } from '../vpp-messages.js';
import { listObjects } from './list-objects.js';
import { nothing, type ReadContext, type Twin } from './twin.js';

export const greTwin: Twin<GreStep> = {
  send: {
    'create-gre': async ({ spec, instance }, { vpp }) => {
      const tunnel = fromSpec(spec, instance);
      return (await vpp.request('gre_tunnel_add_del_v2', { is_add: true, tunnel })).sw_if_index;
    },
    'delete-gre': ({ spec }, { vpp }) =>
      vpp.request('gre_tunnel_add_del_v2', { is_add: false, tunnel: fromSpec(spec) }),
  },
  readAll: readTunnels,
  readsLast: false,
  readTouched: readTunnels,
  readTagged: nothing,
  readOn: nothing,
};

async function readTunnels(context: ReadContext): Promise<void> {
  const { details } = await listObjects(context, 'gre_tunnel_v2_dump', { sw_if_index: anyIndex });
  const tunnels = details.flatMap((each) => context.contained.attempt('a GRE tunnel', () => toTunnel(each), []));
  context.snapshot.gres.replace(tunnels.map((tunnel) => [tunnel.index, tunnel]));
}

/** VPP's numbers of the kinds that we make (plugins/gre/gre.api). */
const numbers = { teb: 1, erspan: 2 } as const satisfies Record<GreSpec['type'], number>;
const pointToPoint = 0;

/** None for tunnels of kinds that we never make: of IP packets, multipoint, in another VRF, ERSPAN with a key. */
function toTunnel({ tunnel }: DetailsFields<AgentMessages, 'gre_tunnel_v2_dump'>): ActualGreTunnel[] {
  const { mode, key, session_id: session, outer_table_id: table } = tunnel;
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

/** The tunnel in `gre_tunnel_add_del_v2`, which has a GRE key where the first version has none. */
function fromSpec(
  spec: GreSpec,
  instance: number = anyIndex,
): RequestFields<AgentMessages, 'gre_tunnel_add_del_v2'>['tunnel'] {
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
    key: spec.type === 'teb' ? spec.id : 0,
  };
}
