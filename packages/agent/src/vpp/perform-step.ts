import { dispatch, type GreSpec, isPort, type Ref, type Step, type StepTable } from '@taas/wiring';
import { toVppAddress, toVppMac } from 'vpp-api';
import { applyTables, createTables, deleteTables } from './classifier-tables.js';
import { lookUpInterface } from './look-up-interface.js';
import { addPolicer, applyPolicing, createPolicing, deletePolicer, updatePolicer } from './policers.js';
import { fromGreSpec } from './underlay-messages.js';
import { anyIndex, fromRule, oneTag, type Vpp } from './vpp-messages.js';

/** The wanted interface is not what the plan took it for: it changed hands between looking and doing. */
export class PortMovedError extends Error {
  override readonly name = 'PortMovedError';
}

/** Indices that VPP gave to what the steps of a plan made, by the steps' names. */
export type MadeIndices = Map<string, number>;

/** VPP's L2_LEARN, L2_FWD, L2_FLOOD and L2_UU_FLOOD in `l2_flags` (src/vnet/l2/l2_bd.h). */
const forwardingFlags = 15;
const vtrPop1 = 3;

/**
 * Sends the request of one step. Resolves when VPP has carried it out.
 * @throws VppRetvalError when VPP refuses, PortMovedError when a check fails, other VppErrors when the outcome is unknown
 */
export function performStep(vpp: Vpp, made: MadeIndices) {
  const at = (ref: Ref): number => resolveRef(made, ref);
  const tag = (index: number, text: string) =>
    vpp.request('sw_interface_tag_add_del', { is_add: text !== '', sw_if_index: index, tag: text });
  const bridge = (index: number, id: number, shg: number, as: PortType) =>
    vpp.request('sw_interface_set_l2_bridge', { rx_sw_if_index: index, bd_id: id, ...as, shg });
  const domain = (id: number, text: string, isAdd: boolean) =>
    vpp.request('bridge_domain_add_del_v2', { ...domainFlags, bd_id: id, bd_tag: text, is_add: isAdd });
  const flags = (index: number, isSet: boolean) =>
    vpp.request('l2_flags', { sw_if_index: index, is_set: isSet, feature_bitmap: forwardingFlags });
  const vxlan = (isAdd: boolean, tunnel: { readonly local: string; readonly remote: string; readonly vni: number }) =>
    vpp.request('vxlan_add_del_tunnel_v3', {
      ...tunnelDefaults,
      is_add: isAdd,
      src_address: toVppAddress(tunnel.local),
      dst_address: toVppAddress(tunnel.remote),
      vni: tunnel.vni,
    });
  const gre = (isAdd: boolean, spec: GreSpec, instance?: number) =>
    vpp.request('gre_tunnel_add_del_v2', { is_add: isAdd, tunnel: fromGreSpec(spec, instance) });
  const make = async (as: string, reply: Promise<{ readonly sw_if_index: number }>): Promise<void> => {
    made.set(as, (await reply).sw_if_index);
  };
  const acl = (
    index: number,
    text: string,
    rules: Parameters<typeof fromRule>[0][] | readonly Parameters<typeof fromRule>[0][],
  ) => vpp.request('acl_add_replace', { acl_index: index, tag: text, r: rules.map(fromRule) });

  const table: StepTable<Promise<unknown>> = {
    'check-port': async ({ port, index }) => {
      const entry = await lookUpInterface(vpp, index);
      if (!entry || !isPort(entry, port))
        throw new PortMovedError(`interface ${index} of VPP is not port ${port} any more`);
    },
    'create-bridge-domain': (s) => domain(s.id, s.tag, true),
    'delete-bridge-domain': (s) => domain(s.id, s.tag, false),
    'create-loopback': (s) =>
      make(
        s.as,
        vpp.request('create_loopback_instance', {
          mac_address: toVppMac(s.mac),
          is_specified: false,
          user_instance: anyIndex,
        }),
      ),
    'delete-loopback': (s) => vpp.request('delete_loopback', { sw_if_index: at(s.at) }),
    'create-vlan': (s) =>
      make(
        s.as,
        s.match === 'exact'
          ? vpp.request('create_vlan_subif', { sw_if_index: s.parent, vlan_id: s.vlan })
          : vpp.request('create_subif', {
              sw_if_index: s.parent,
              sub_id: s.vlan,
              sub_if_flags: oneTag,
              outer_vlan_id: s.vlan,
              inner_vlan_id: 0,
            }),
      ),
    'delete-vlan': (s) => vpp.request('delete_subif', { sw_if_index: at(s.at) }),
    'create-vxlan': (s) => make(s.as, vxlan(true, s)),
    'delete-vxlan': (s) => vxlan(false, s),
    'create-gre': (s) => make(s.as, gre(true, s.spec, s.instance)),
    'delete-gre': (s) => gre(false, s.spec),
    'set-tag': (s) => tag(at(s.at), s.tag),
    'set-rewrite': (s) =>
      vpp.request('l2_interface_vlan_tag_rewrite', {
        sw_if_index: at(s.at),
        vtr_op: s.pop === 1 ? vtrPop1 : 0,
        push_dot1q: 0,
        tag1: 0,
        tag2: 0,
      }),
    'set-admin': (s) => vpp.request('sw_interface_set_flags', { sw_if_index: at(s.at), flags: s.up ? 1 : 0 }),
    'set-mtu': (s) => vpp.request('sw_interface_set_mtu', { sw_if_index: at(s.at), mtu: [s.mtu, 0, 0, 0] }),
    'join-bridge': (s) => bridge(at(s.at), s.id, s.shg, portTypes.member),
    'take-unicast': (s) => bridge(at(s.at), s.id, s.shg, portTypes.unicast),
    'leave-bridge': (s) => bridge(at(s.at), s.id, 0, portTypes.none),
    mute: (s) => flags(at(s.at), false),
    unmute: (s) => flags(at(s.at), true),
    'set-span': (s) =>
      vpp.request('sw_interface_span_enable_disable', {
        sw_if_index_from: s.from,
        sw_if_index_to: at(s.to),
        state: s.state,
        is_l2: true,
      }),
    'create-acl': async (s) => {
      made.set(s.as, (await acl(anyIndex, s.tag, s.rules)).acl_index);
    },
    'replace-acl': (s) => acl(s.index, s.tag, s.rules),
    'delete-acl': (s) => vpp.request('acl_del', { acl_index: at(s.at) }),
    'bind-acls': (s) =>
      vpp.request('acl_interface_set_acl_list', {
        sw_if_index: at(s.at),
        n_input: s.acls.length,
        acls: s.acls.map(at),
      }),
    'set-ether-types': (s) =>
      vpp.request('acl_interface_set_etype_whitelist', {
        sw_if_index: at(s.at),
        n_input: s.types.length,
        whitelist: s.types,
      }),
    'create-classifier': async (s) => {
      made.set(s.as, await createTables(vpp, s.classifier));
    },
    'delete-classifier': (s) => deleteTables(vpp, at(s.at)),
    'attach-classifier': (s) => applyTables(vpp, at(s.at), at(s.table), true),
    'detach-classifier': (s) => applyTables(vpp, at(s.at), at(s.table), false),
    'create-policer': async (s) => {
      made.set(s.as, await addPolicer(vpp, s.name, s.kbps));
    },
    'update-policer': (s) => updatePolicer(vpp, s.index, s.kbps),
    'delete-policer': (s) => deletePolicer(vpp, s.name),
    'create-policing': async (s) => {
      made.set(s.as, await createPolicing(vpp, at(s.policer)));
    },
    'attach-policer': (s) => applyPolicing(vpp, at(s.at), at(s.table), true),
    'detach-policer': (s) => applyPolicing(vpp, at(s.at), at(s.table), false),
  };
  return async (step: Step): Promise<void> => {
    await dispatch(table, step);
  };
}

/** @throws Error for a name that no step has made: a plan in the wrong order, which is a bug of ours */
export function resolveRef(made: MadeIndices, ref: Ref): number {
  if ('index' in ref) return ref.index;
  const index = made.get(ref.ref);
  if (index === undefined) throw new Error(`nothing was made as ${ref.ref}`);
  return index;
}

/** What an interface is to a bridge domain: a member, VPP's `L2_API_PORT_TYPE_UU_FWD`, or nothing. */
const portTypes = {
  member: { port_type: 0, enable: true },
  unicast: { port_type: 2, enable: true },
  none: { port_type: 0, enable: false },
} as const;
type PortType = (typeof portTypes)[keyof typeof portTypes];

const domainFlags = {
  flood: true,
  uu_flood: true,
  forward: false,
  learn: false,
  arp_term: false,
  arp_ufwd: false,
  mac_age: 0,
} as const;

const tunnelDefaults = {
  instance: anyIndex,
  src_port: 4789,
  dst_port: 4789,
  mcast_sw_if_index: anyIndex,
  encap_vrf_id: 0,
  decap_next_index: anyIndex,
  is_l3: false,
} as const;
