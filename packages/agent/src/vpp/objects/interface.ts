import { type ActualInterface, type InterfaceStep, isPort, type VlanMatch } from '@taas/wiring';
import { type AgentMessages, type DetailsFields, fromVppMac } from 'vpp-api';
import { anyIndex, type Vpp } from '../vpp-messages.js';
import { listObjects } from './list-objects.js';
import { nothing, type ReadContext, type Twin } from './twin.js';

/** The wanted interface is not what the plan took it for: it changed hands between looking and doing. */
export class PortMovedError extends Error {
  override readonly name = 'PortMovedError';
}

/** More interfaces than this are read with one dump of all: a dump each is two messages each, and an answer to wait for. */
const manyInterfaces = 1000;

export const interfaceTwin: Twin<InterfaceStep> = {
  send: {
    'check-port': async ({ port, index }, { vpp }) => {
      const entry = await lookUpInterface(vpp, index);
      if (!entry || !isPort(entry, port))
        throw new PortMovedError(`interface ${index} of VPP is not port ${port} any more`);
    },
    'set-tag': ({ at: ref, tag }, { vpp, at }) =>
      vpp.request('sw_interface_tag_add_del', { is_add: tag !== '', sw_if_index: at(ref), tag }),
    'set-admin': (s, { vpp, at }) =>
      vpp.request('sw_interface_set_flags', { sw_if_index: at(s.at), flags: s.up ? adminUp : 0 }),
    'set-mtu': (s, { vpp, at }) =>
      vpp.request('sw_interface_set_mtu', { sw_if_index: at(s.at), mtu: [s.mtu, 0, 0, 0] }),
  },
  needs: [],
  readAll: readInterfaces,
  readsLast: false,
  readTouched: async (context, keys) => {
    if (keys.size > manyInterfaces) return readInterfaces(context);
    await Promise.all([...keys].map((index) => readInterface(context, index)));
  },
  readTagged: nothing,
  readOn: readInterface,
};

const allInterfaces = { sw_if_index: anyIndex, name_filter_valid: false, name_filter: '' } as const;

export async function readInterfaces(context: ReadContext): Promise<void> {
  const { interfaces } = context.snapshot;
  const [{ details: sockets }, { details: listed, odd }] = await Promise.all([
    listObjects(context, 'sw_interface_vhost_user_dump', { sw_if_index: anyIndex }),
    listObjects(context, 'sw_interface_dump', allInterfaces),
  ]);
  const socketOf = new Map(sockets.map(({ sw_if_index, sock_filename }) => [sw_if_index, sock_filename]));
  interfaces.keep(new Set([...listed.map(({ sw_if_index }) => sw_if_index), ...odd]));
  for (const index of odd) interfaces.put(index, strangeInterface(index));
  for (const details of listed) {
    const { sw_if_index: index } = details;
    const read = () => toInterface(details, socketOf.get(index));
    interfaces.put(index, context.contained.attempt(`interface ${index}`, read, strangeInterface(index)));
  }
}

export async function readInterface({ vpp, snapshot, contained }: ReadContext, index: number): Promise<void> {
  const look = () => lookUpInterface(vpp, index);
  const entry = await contained.attemptAsync(`interface ${index}`, look, strangeInterface(index));
  if (entry) snapshot.interfaces.put(index, entry);
  else snapshot.interfaces.delete(index);
}

/**
 * An interface of which we cannot make sense: it is there, so that mirrors of others to and from it are left alone, and it is
 * nobody's port, no uplink, and not ours.
 */
function strangeInterface(index: number): ActualInterface {
  return {
    index,
    name: `unreadable ${index}`,
    tag: '',
    supIndex: index,
    subId: 0,
    vlan: null,
    ...{ adminUp: false, linkUp: false, mac: '', rewrite: 0 },
  };
}

/** VPP's name of the driver behind a VM's port (src/plugins/vhost/vhost_user.c). */
const vhostUser = 'vhost-user';

/**
 * One interface as VPP has it now; undefined if there is none with the index. A socket is asked for where it tells whose port
 * an interface is, and never remembered: the next interface with the index has another, or none.
 */
async function lookUpInterface(vpp: Vpp, index: number): Promise<ActualInterface | undefined> {
  // Index 0 asks VPP for all interfaces. It is local0, which is never ours nor anybody's port.
  if (index === 0) return undefined;
  const [details] = await vpp.dump('sw_interface_dump', {
    sw_if_index: index,
    name_filter_valid: false,
    name_filter: '',
  });
  if (!details) return undefined;
  const isUntaggedPort = details.tag === '' && details.interface_dev_type === vhostUser;
  const [vhost] = isUntaggedPort ? await vpp.dump('sw_interface_vhost_user_dump', { sw_if_index: index }) : [];
  return toInterface(details, vhost?.sock_filename);
}

/** Flags of sub-interfaces (vnet/interface_types.api): one tag, and no more than those that are named. */
export const oneTag = 2;
export const twoTags = 4;
export const exactMatch = 16;
/** 802.1ad, default sub-interface, any outer or inner VLAN. */
const otherMatches = 8 | 32 | 64 | 128;
/** Flags of interfaces (vnet/interface_types.api, if_status_flags). */
export const adminUp = 1;
const linkUp = 2;

function vlanMatch(d: DetailsFields<AgentMessages, 'sw_interface_dump'>): VlanMatch {
  const outer = d.sub_outer_vlan_id;
  const isExact = (d.sub_if_flags & exactMatch) !== 0;
  const tags = d.sub_if_flags & (oneTag | twoTags | otherMatches);
  if (d.sub_number_of_tags === 1 && tags === oneTag) return { outer, match: isExact ? 'exact' : 'outer' };
  if (d.sub_number_of_tags === 2 && tags === twoTags && isExact)
    return { outer, inner: d.sub_inner_vlan_id, match: 'exact-two' };
  return { outer, match: 'other' };
}

function toInterface(
  d: DetailsFields<AgentMessages, 'sw_interface_dump'>,
  socket: string | undefined,
): ActualInterface {
  const isSub = d.sup_sw_if_index !== d.sw_if_index;
  return {
    index: d.sw_if_index,
    name: d.interface_name,
    tag: d.tag,
    supIndex: d.sup_sw_if_index,
    subId: isSub ? d.sub_id : 0,
    vlan: isSub ? vlanMatch(d) : null,
    adminUp: (d.flags & adminUp) !== 0,
    linkUp: (d.flags & linkUp) !== 0,
    mac: fromVppMac(d.l2_address),
    rewrite: d.vtr_op,
    mtu: { packet: d.mtu[0] ?? 0, ip4: d.mtu[1] || (d.mtu[0] ?? 0), ip6: d.mtu[2] || (d.mtu[0] ?? 0) },
    ...(socket === undefined ? {} : { socket }),
  };
}
