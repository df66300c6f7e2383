import type { labMessages, VppClient } from 'vpp-api';
import { addMemifSocket } from './real-memif.js';

type Client = VppClient<typeof labMessages>;

/**
 * The VM of a port that can be taken away: a memif that is the peer of the port's, on the same VPP, cross-connected to a
 * packet-generator interface. Without it the port's link is down, as that of a vhost-user interface without a driver.
 */
export interface Detachable {
  /** The packet-generator interface: what it sends the VM has sent, and what the VM is given goes out by it. */
  readonly generator: number;
  readonly generatorName: string;
  readonly peerSocketId: number;
  /** The peer's index; null while the VM is away. */
  peer: number | null;
}

/** Away from those of uplinks. */
const firstSocketId = 1000;

/** Makes the port's own end, with its VM. @returns its sw_if_index */
export async function makeDetachable(
  client: Client,
  port: { readonly number: number; detachable?: Detachable },
  generator: number,
  directory: string,
): Promise<number> {
  const [socketId, peerSocketId] = [firstSocketId + 2 * port.number, firstSocketId + 2 * port.number + 1];
  const socket_filename = `${directory}/port-${port.number}.sock`;
  for (const socket of [socketId, peerSocketId]) await addMemifSocket(client, socket, socket_filename);
  const index = await makeMemif(client, 0, socketId);
  port.detachable = { generator, generatorName: `pg${port.number}`, peerSocketId, peer: null };
  await up(client, generator);
  return index;
}

export async function attach(client: Client, vm: Detachable): Promise<void> {
  if (vm.peer !== null) return;
  const peer = await makeMemif(client, 1, vm.peerSocketId);
  const names = [`memif${vm.peerSocketId}/0`, vm.generatorName];
  for (const [rx, tx] of [names, names.toReversed()])
    await client.request('cli_inband', { cmd: `set interface l2 xconnect ${rx} ${tx}` });
  await up(client, peer);
  vm.peer = peer;
}

export async function detach(client: Client, vm: Detachable): Promise<void> {
  if (vm.peer !== null) await client.request('memif_delete', { sw_if_index: vm.peer });
  vm.peer = null;
}

/** @param role 0: it listens, 1: it connects */
async function makeMemif(client: Client, role: 0 | 1, socketId: number): Promise<number> {
  const rings = { rx_queues: 1, tx_queues: 1, ring_size: 1024, buffer_size: 2048, no_zero_copy: false };
  const who = { id: 0, socket_id: socketId, hw_addr: new Uint8Array(6), secret: '' };
  const wanted = { role, mode: 0, ...rings, ...who } as const;
  const { sw_if_index } = client.has('memif_create_v2')
    ? await client.request('memif_create_v2', { ...wanted, use_dma: false })
    : await client.request('memif_create', wanted);
  return sw_if_index;
}

async function up(client: Client, sw_if_index: number): Promise<void> {
  await client.request('sw_interface_set_flags', { sw_if_index, flags: 1 });
}
