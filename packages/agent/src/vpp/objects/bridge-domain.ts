import type { ActualBridgeDomain, BridgeDomainStep } from '@taas/wiring';
import type { AgentMessages, DetailsFields } from 'vpp-api';
import { Alternatives, handler } from '../alternatives.js';
import { anyIndex, type Vpp } from '../vpp-messages.js';
import { listObjects, putAsked, type RowReader, replaceListed } from './list-objects.js';
import { nothing, type ReadContext, type SendContext, type Twin } from './twin.js';

const domainFlags = {
  flood: true,
  uu_flood: true,
  forward: false,
  learn: false,
  arp_term: false,
  arp_ufwd: false,
  mac_age: 0,
} as const;

/** From 23.02 on; before, where VPP chose no id, which we never ask for. */
export const bridgeDomains = new Alternatives<(id: number, tag: string, isAdd: boolean) => Promise<unknown>>(
  'bridge domains',
  [
    handler(
      ['bridge_domain_add_del_v2'],
      (vpp) => (bd_id, bd_tag, is_add) =>
        vpp.request('bridge_domain_add_del_v2', { ...domainFlags, bd_id, bd_tag, is_add }),
    ),
    handler(
      ['bridge_domain_add_del'],
      (vpp) => (bd_id, bd_tag, is_add) =>
        vpp.request('bridge_domain_add_del', { ...domainFlags, bd_id, bd_tag, is_add }),
    ),
  ],
);

export const bridgeDomainTwin: Twin<BridgeDomainStep> = {
  send: {
    'create-bridge-domain': (s, { vpp }) => bridgeDomains.of(vpp)(s.id, s.tag, true),
    'delete-bridge-domain': (s, { vpp }) => bridgeDomains.of(vpp)(s.id, s.tag, false),
    'join-bridge': (s, context) => place(context, context.at(s.at), s.id, s.shg, portTypes.member),
    'take-unicast': (s, context) => place(context, context.at(s.at), s.id, s.shg, portTypes.unicast),
    'leave-bridge': (s, context) => place(context, context.at(s.at), s.id, 0, portTypes.none),
  },
  needs: [bridgeDomains],
  readAll: async (context) => {
    const listed = await listObjects(context, 'bridge_domain_dump', { bd_id: anyIndex, sw_if_index: anyIndex });
    replaceListed(context, context.snapshot.bridgeDomains, listed, domainReader);
  },
  readsLast: false,
  readTouched: async (context, keys) => {
    await Promise.all([...keys].map((id) => readDomain(context, id)));
  },
  readTagged: async (context, tag) => {
    const ids = [...context.snapshot.bridgeDomains.keysBy('tag', tag)];
    await Promise.all(ids.map((id) => readDomain(context, id)));
  },
  readOn: nothing,
};

/** What an interface is to a bridge domain: a member, VPP's `L2_API_PORT_TYPE_UU_FWD`, or nothing. */
const portTypes = {
  member: { port_type: 0, enable: true },
  unicast: { port_type: 2, enable: true },
  none: { port_type: 0, enable: false },
} as const;
type PortType = (typeof portTypes)[keyof typeof portTypes];

/** For an interface that is no tap's. */
export async function joinAlone(vpp: Vpp, index: number, id: number): Promise<void> {
  await place({ vpp }, index, id, 0, portTypes.member);
}

/** @param id any: VPP takes it out of the one that it is in */
export async function leaveAlone(vpp: Vpp, index: number, id: number): Promise<void> {
  await place({ vpp }, index, id, 0, portTypes.none);
}

function place({ vpp }: Pick<SendContext, 'vpp'>, index: number, id: number, shg: number, as: PortType) {
  return vpp.request('sw_interface_set_l2_bridge', { rx_sw_if_index: index, bd_id: id, ...as, shg });
}

async function readDomain(context: ReadContext, id: number): Promise<void> {
  const listed = await listObjects(context, 'bridge_domain_dump', { bd_id: id, sw_if_index: anyIndex });
  putAsked(context, context.snapshot.bridgeDomains, id, listed, domainReader);
}

type Details = DetailsFields<AgentMessages, 'bridge_domain_dump'>;

const domainReader: RowReader<Details, ActualBridgeDomain> = {
  what: 'bridge domain',
  key: ({ bd_id }) => bd_id,
  row: toBridgeDomain,
};

function toBridgeDomain(d: Details): ActualBridgeDomain {
  return {
    id: d.bd_id,
    tag: d.bd_tag,
    flags: { learn: d.learn, forward: d.forward, flood: d.flood, uuFlood: d.uu_flood, arpTerm: d.arp_term },
    members: new Map(d.sw_if_details.map(({ sw_if_index, shg }) => [sw_if_index, shg])),
    unicast: d.uu_fwd_sw_if_index === anyIndex ? null : d.uu_fwd_sw_if_index,
  };
}
