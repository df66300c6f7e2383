/** In what a release's API differs from that of 26.06; definitions in the notation of `notation.ts`. */
export interface Differences {
  /** Requests and dumps that it does not have, replies and details with them. */
  readonly absent: readonly string[];
  /** CRCs of messages that are the same but for the types that they use, or have the same fields as now. */
  readonly crcs: Readonly<Record<string, string>>;
  /** Enumerations with other values, by name. */
  readonly enums: Readonly<Record<string, string>>;
  /** Lines of its own, by module. */
  readonly own: Readonly<Record<string, string>>;
}

export const none: Differences = { absent: [], crcs: {}, enums: {}, own: {} };

const flagsGet = ['l2_flags_get', 'l2_flags_set'];
const greKeys = ['gre_tunnel_add_del_v2'];
const greDump = ['gre_tunnel_v2_dump', 'gre_tunnel_v2_details'];
const policers = ['policer_add', 'policer_update', 'policer_dump_v2'];
const vxlan = ['vxlan_add_del_tunnel_v3', 'vxlan_tunnel_v2_dump', 'vxlan_tunnel_v2_details'];

const v24: Differences = { ...none, absent: [...flagsGet, ...greDump, ...greKeys] };
const v23: Differences = { ...v24, absent: [...v24.absent, 'get_api_json'] };
const v22: Differences = { ...v23, absent: [...v23.absent, ...policers, 'bridge_domain_add_del_v2'] };
const v21: Differences = {
  ...v22,
  crcs: { policer_classify_dump: '6bfe6603' },
  enums: {
    policer_classify_table:
      'u8 POLICER_CLASSIFY_API_TABLE_IP4=1 POLICER_CLASSIFY_API_TABLE_IP6=2 POLICER_CLASSIFY_API_TABLE_L2=3',
  },
};

/** What releases lack, from one to the next; read off each release's own API compiler. */
export const absences = {
  /** 20.05, 20.09, 21.01. */
  v20: {
    ...v21,
    absent: [...v21.absent, ...vxlan],
    enums: {
      ...v21.enums,
      tunnel_encap_decap_flags:
        'u8 TUNNEL_API_ENCAP_DECAP_FLAG_NONE=0 TUNNEL_API_ENCAP_DECAP_FLAG_ENCAP_COPY_DF=1 ' +
        'TUNNEL_API_ENCAP_DECAP_FLAG_ENCAP_SET_DF=2 TUNNEL_API_ENCAP_DECAP_FLAG_ENCAP_COPY_DSCP=4 ' +
        'TUNNEL_API_ENCAP_DECAP_FLAG_ENCAP_COPY_ECN=8 TUNNEL_API_ENCAP_DECAP_FLAG_DECAP_COPY_ECN=16',
    },
    crcs: {
      ...v21.crcs,
      acl_add_replace: '1cabdeab',
      acl_details: '7a97f21c',
      bridge_domain_details: '979f549d',
      create_subif: 'cb371063',
      gre_tunnel_add_del: '6efc9c22',
      gre_tunnel_details: '003bfbf1',
      ip_address_details: 'b1199745',
      ip_neighbor_add_del: '105518b6',
      ip_route_add_del: 'c1ff832d',
      ip_route_lookup: 'e2986185',
      ip_route_lookup_reply: 'ae99de8e',
      l2_fib_table_details: 'e8d2fc72',
      l2_xconnect_details: 'c8aa6b37',
      policer_add_del: 'cb948f6e',
      policer_details: 'a43f781a',
      sw_interface_add_del_address: '5803d5c4',
      sw_interface_details: '17b69fa2',
      sw_interface_event: 'f709f78d',
      sw_interface_set_flags: '6a2b491a',
      sw_interface_set_l2_bridge: '2e483cd0',
      sw_interface_set_l2_xconnect: '1aaa2dbb',
      sw_interface_span_details: '055643fc',
      sw_interface_span_enable_disable: 'acc8fea1',
      sw_interface_vhost_user_details: '98530df1',
      vxlan_add_del_tunnel: 'a35dc8f5',
      vxlan_tunnel_details: 'e782f70f',
    },
  },
  /** 21.06, 21.10. */
  v21,
  /** 22.06, 22.10. */
  v22,
  /** 23.06 to 24.02. */
  v23,
  /** 24.06 to 25.06. */
  v24,
  /** 25.10 and 26.02: GRE keys, in a dump that names an answer which never comes. */
  v25: {
    ...none,
    absent: [...flagsGet, ...greDump],
    own: {
      gre: `
        request gre_tunnel_dump_v2 f9e6675e interface_index sw_if_index
        event gre_tunnel_dump_v2 gre_tunnel_details_v2
        details gre_tunnel_details_v2 65521177 gre_tunnel_v2 tunnel
        request gre_tunnel_dump f9e6675e interface_index sw_if_index
        event gre_tunnel_dump gre_tunnel_details
      `,
    },
  },
} as const satisfies Readonly<Record<string, Differences>>;

/** A module's definitions as a release has them. */
export function differing(module: string, text: string, { absent, crcs, enums, own }: Differences): string {
  const gone = new Set(absent.flatMap((name) => [name, `${name}_reply`]));
  const mine = (own[module] ?? '').split('\n').map((line) => line.trim());
  const replaced = new Set(mine.map((line) => line.split(/\s+/)[1] ?? ''));
  const kept = text.split('\n').flatMap((line) => {
    const [kind = '', name = '', , ...rest] = line.trim().split(/\s+/);
    if (gone.has(name) || replaced.has(name)) return [];
    if (kind === 'enum' && enums[name] !== undefined) return [`enum ${name} ${enums[name]}`];
    const other = kind === 'type' || kind === 'enum' || kind === 'flags' ? undefined : crcs[name];
    return [other === undefined ? line : [kind, name, other, ...rest].join(' ')];
  });
  return [...kept, ...mine].join('\n');
}
