import type { Clock } from '@taas/service';
import type { labMessages, VppClient } from 'vpp-api';
import type { Uplink } from './lab-switch.js';

type Client = VppClient<typeof labMessages>;

/** An uplink of a real VPP: one end of a memif pair. */
export interface MemifUplink extends Uplink {
  readonly socket: string;
  readonly role: 'master' | 'slave';
  /** Where others have to know it beforehand; else VPP makes one up. */
  readonly mac?: string;
}

const linkUp = 2;
const everyInterface = { sw_if_index: 0xffffffff, name_filter_valid: false, name_filter: '' } as const;

/**
 * Makes the `index`-th end of a VPP, up and with room for any copy.
 * @returns its name
 */
export async function makeMemif(
  client: Client,
  cli: (command: string) => Promise<string>,
  index: number,
  { socket, role, mac }: Pick<MemifUplink, 'socket' | 'role' | 'mac'>,
): Promise<string> {
  const socketId = index + 1;
  await addMemifSocket(client, socketId, socket);
  await cli(`create interface memif id 0 socket-id ${socketId}${mac === undefined ? '' : ` hw-addr ${mac}`} ${role}`);
  const name = `memif${socketId}/0`;
  await cli(`set interface mtu packet 9216 ${name}`);
  await cli(`set interface state ${name} up`);
  return name;
}

/** Names a socket for memifs. */
export async function addMemifSocket(client: Client, id: number, path: string): Promise<void> {
  const named = { is_add: true, socket_id: id, socket_filename: path };
  if (client.has('memif_socket_filename_add_del_v2')) await client.request('memif_socket_filename_add_del_v2', named);
  else await client.request('memif_socket_filename_add_del', named);
}

/** Resolves when all its memifs have found their other ends. @throws Error after 15 seconds */
export async function untilLinked(client: Client, clock: Clock): Promise<void> {
  const deadline = clock.monotonic() + 15_000;
  for (;;) {
    const memifs = (await client.dump('sw_interface_dump', everyInterface)).filter(
      (i) => i.interface_name.startsWith('memif') && i.sup_sw_if_index === i.sw_if_index,
    );
    if (memifs.every((i) => (i.flags & linkUp) !== 0)) return;
    if (clock.monotonic() > deadline) throw new Error('the memif uplinks did not come up within 15 s');
    await clock.sleep(20);
  }
}
