import type { labMessages, VppClient } from 'vpp-api';
import { type Detachable, detach, makeDetachable } from './detachable-port.js';
import type { LabPort, OutsideOptions, PortOptions } from './lab-switch.js';

type Client = VppClient<typeof labMessages>;

/** A port of a real VPP, as it is to be made again when VPP was restarted. */
export interface RealPort {
  readonly options: PortOptions;
  outside?: OutsideOptions;
  /** Of its packet-generator interface. */
  readonly number: number;
  swIfIndex: number;
  bridgeDomain: number | null;
  /** What stands for the VM of one that can be taken away. */
  detachable?: Detachable;
}

export function labPort(port: RealPort): LabPort {
  return { id: port.options.id, bridgeDomain: port.bridgeDomain ?? 0, swIfIndex: port.swIfIndex };
}

export function portTag({ id, tag }: PortOptions): string | null {
  return tag === undefined ? `net-vpp.port:${id}` : tag;
}

/**
 * Makes the port's interface: a vhost-user server as networking-vpp does, a memif for a VM that can be taken away, or one of the
 * packet generator.
 */
export async function makeInterface(client: Client, port: RealPort, directory: string): Promise<number> {
  const { options, number } = port;
  if (options.socket === undefined) {
    const generator = { interface_id: number, gso_size: 0 };
    const { sw_if_index } = client.has('pg_create_interface_v3')
      ? await client.request('pg_create_interface_v3', { ...generator, pg_flags: 0, mode: 0 })
      : await client.request('pg_create_interface', { ...generator, gso_enabled: false });
    return options.detachable ? makeDetachable(client, port, sw_if_index, directory) : sw_if_index;
  }
  const off = { renumber: false, disable_mrg_rxbuf: false, disable_indirect_desc: false, enable_gso: false } as const;
  const vhost = {
    ...off,
    ...{ is_server: true, sock_filename: options.socket, tag: portTag(options) ?? '' },
    ...{ enable_packed: false, custom_dev_instance: 0 },
    ...{ use_custom_mac: false, mac_address: new Uint8Array(6) },
  };
  const made = client.has('create_vhost_user_if_v2')
    ? await client.request('create_vhost_user_if_v2', { ...vhost, enable_event_idx: false })
    : await client.request('create_vhost_user_if', vhost);
  return made.sw_if_index;
}

export async function deleteInterface(client: Client, port: RealPort): Promise<void> {
  const { options, swIfIndex } = port;
  const index = { sw_if_index: swIfIndex };
  if (port.detachable) {
    await detach(client, port.detachable);
    await client.request('memif_delete', index);
    await client.request('pg_delete_interface', { sw_if_index: port.detachable.generator });
    return;
  }
  if (options.socket === undefined && !client.has('pg_delete_interface')) {
    // Older VPPs keep their packet generator's interfaces: nobody's, in no bridge domain and down, is as good as gone.
    await client.request('sw_interface_set_flags', { ...index, flags: 0 });
    await client.request('sw_interface_tag_add_del', { ...index, is_add: false, tag: '' });
    const nowhere = { bd_id: 0, port_type: 0, shg: 0, enable: false };
    await client.request('sw_interface_set_l2_bridge', { rx_sw_if_index: swIfIndex, ...nowhere });
    return;
  }
  await client.request(options.socket === undefined ? 'pg_delete_interface' : 'delete_vhost_user_if', index);
}

/** Gives the interface of a network outside its MTU, its addresses and its neighbours. */
export async function addressOutside(
  cli: (command: string) => Promise<string>,
  name: string,
  { mtu, addresses, neighbours }: OutsideOptions,
): Promise<void> {
  await cli(`set interface mtu packet ${mtu} ${name}`);
  for (const address of addresses) await cli(`set interface ip address ${name} ${address}`);
  // Static: VPP forgets what it learned of an interface that goes down.
  for (const { address, mac } of neighbours) await cli(`set ip neighbor ${name} ${address} ${mac} static`);
}
