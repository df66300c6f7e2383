import { parseCounts } from '@taas/agent';
import type { LabSwitch } from '@taas/lab';
import { fromVppAddress, fromVppMac, type VppClient, VppRetvalError } from 'vpp-api';
import type { AskedMessages } from './messages.js';
import type { Names } from './names.js';
import type { Look } from './step.js';

const ALL = 0xffff_ffff;

/** What a look needs. */
export interface Seen {
  readonly on: LabSwitch;
  readonly client: VppClient<AskedMessages>;
  readonly names: Names;
}

type Reader = (seen: Seen) => Promise<readonly { readonly index?: number; readonly text: string }[]>;

/** What is read back, a line for each thing. Lines about an interface say its index, so that a look can be narrowed. */
export const readers: Readonly<Record<Exclude<Look, 'events'>, Reader>> = {
  interfaces: async ({ client, names }) => {
    const found = await client.dump('sw_interface_dump', {
      sw_if_index: ALL,
      name_filter_valid: false,
      name_filter: '',
    });
    const ports = new Map([...names.ports].map(([name, port]) => [port.swIfIndex, name]));
    return found.map((details) => {
      const { interface_name: name, l2_address: mac, interface_dev_type: device, ...same } = details;
      const port = ports.get(details.sup_sw_if_index);
      // The lab's ports have a driver, a name and a MAC address of their own on either switch, as tunnels have a MAC.
      const suffix = /\.\d+$/.exec(name)?.[0] ?? '';
      const own = port === undefined ? { name, device } : { name: `${port}${suffix}` };
      const loopback = device === 'Loopback' ? { mac: fromVppMac(mac) } : {};
      return { index: details.sw_if_index, text: text({ ...own, ...loopback, ...same }) };
    });
  },
  bits: async ({ client }) => {
    const found = await client.dump('sw_interface_dump', {
      sw_if_index: ALL,
      name_filter_valid: false,
      name_filter: '',
    });
    return Promise.all(
      found.map(async ({ sw_if_index: index }) => ({ index, text: `#${index} ${await bitsOf(client, index)}` })),
    );
  },
  spans: async ({ client }) => {
    const tables = [true, false].map((isL2) => client.dump('sw_interface_span_dump', { is_l2: isL2 }));
    return (await Promise.all(tables)).flat().map((row) => ({ index: row.sw_if_index_from, text: text(row) }));
  },
  'bridge domains': async ({ client }) =>
    (await client.dump('bridge_domain_dump', { bd_id: ALL, sw_if_index: ALL }))
      .map((bd) => ({ id: bd.bd_id, text: text(bd) }))
      .sort((a, b) => a.id - b.id),
  macs: async ({ client }) =>
    (await client.dump('l2_fib_table_dump', { bd_id: ALL }))
      .map(({ mac, ...entry }) => ({ index: entry.sw_if_index, text: text({ mac: fromVppMac(mac), ...entry }) }))
      .sort((a, b) => (a.text < b.text ? -1 : 1)),
  'cross-connects': async ({ client }) =>
    (await client.dump('l2_xconnect_dump', {})).map((row) => ({ index: row.rx_sw_if_index, text: text(row) })),
  acls: async ({ client }) => {
    const acls = await client.dump('acl_dump', { acl_index: ALL });
    const lists = await client.dump('acl_interface_list_dump', { sw_if_index: ALL });
    return [
      ...acls.map((acl) => ({ text: text(acl) })),
      ...lists.map((list) => ({ index: list.sw_if_index, text: text(list) })),
    ];
  },
  tunnels: async ({ client }) => {
    const vxlan = await client.dump('vxlan_tunnel_v2_dump', { sw_if_index: ALL });
    const gre = await client.dump('gre_tunnel_v2_dump', { sw_if_index: ALL });
    return [
      ...vxlan.map((row) => ({ index: row.sw_if_index, text: text(row) })),
      ...gre.map(({ tunnel }) => ({ index: tunnel.sw_if_index, text: text(tunnel) })),
    ];
  },
  policers: async ({ client }) => {
    const policers = await client.dump('policer_dump_v2', { policer_index: ALL });
    const counts = parseCounts((await client.request('cli_inband', { cmd: 'show policer' })).reply, () => undefined);
    // For interface 0 VPP lists all, and for "all" none.
    const policed = [0, ALL].map((sw_if_index) => client.dump('policer_classify_dump', { type: 2, sw_if_index }));
    return [
      ...policers.map(({ name, cir, eir, cb, eb, rate_type, round_type, type, single_rate, ...more }) => {
        const { conform_action, exceed_action, violate_action, color_aware } = more;
        const actions = { conform_action, exceed_action, violate_action, color_aware };
        return { text: text({ name, cir, eir, cb, eb, rate_type, round_type, type, single_rate, ...actions }) };
      }),
      ...[...counts].map(([name, { passed, dropped }]) => ({
        text: `${name}: ${passed.packets} passed ${passed.bytes} bytes, ${dropped.packets} dropped ${dropped.bytes} bytes`,
      })),
      ...(await Promise.all(policed)).flat().map((row) => ({ index: row.sw_if_index, text: text(row) })),
    ];
  },
  counters: async ({ on }) =>
    [...(await on.counters())]
      .sort(([a], [b]) => a - b)
      .map(([index, counters]) => ({ index, text: `#${index} ${text(counters)}` })),
};

async function bitsOf(client: VppClient<AskedMessages>, index: number): Promise<string> {
  try {
    const bits = await client.request('l2_flags_get', { sw_if_index: index });
    return `input ${bits.input_feature_bitmap.toString(16)} output ${bits.output_feature_bitmap.toString(16)}`;
  } catch (error) {
    if (error instanceof VppRetvalError) return error.errorName;
    throw error;
  }
}

/** A record as one line of JSON, with addresses as people write them, without what numbers the exchange itself. */
export function text(record: object): string {
  return JSON.stringify(record, (key, value: unknown) => {
    if (key === 'context' || key === 'client_index' || key === 'stats_index') return undefined;
    if (typeof value === 'bigint') return String(value);
    if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
    return isAddress(value) ? fromVppAddress(value) : value;
  });
}

function isAddress(value: unknown): value is Parameters<typeof fromVppAddress>[0] {
  return typeof value === 'object' && value !== null && 'af' in value && 'un' in value;
}
