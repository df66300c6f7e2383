import type { OpenReceiver } from '@taas/server';
import type { Cloud } from './cloud.js';
import { tunnelAddress } from './cloud-network.js';
import type { HostSender } from './host-sender.js';

/** What simulators send to this machine goes to whoever listens here, as the kernel would have it. */
export class HostReceiver {
  #take: (payload: Uint8Array, from: string) => void = () => undefined;

  /** For a server in this process: {@link Seams.openReceiver}. */
  readonly open: OpenReceiver = async (_address, onDatagram) => {
    this.#take = onDatagram;
    return {
      drops: async () => 0,
      close: async () => {
        this.#take = () => undefined;
      },
    };
  };

  readonly deliver = (payload: Uint8Array, from: string): void => this.#take(payload, from);
}

/**
 * Lets each node's switch send to this machine, and this machine to it.
 * @param address of this machine
 */
export async function joinHost(
  { nodes, options }: Cloud,
  address: string,
  receiver = new HostReceiver(),
  sender?: HostSender,
): Promise<void> {
  for (const [n, { switch: lab }] of nodes.entries()) {
    const [own = ''] = tunnelAddress(n, options.ip6).split('/');
    const network = `10.98.${n + 1}`;
    const ends = { address: `${network}.1/24`, host: `${network}.2` };
    const way = await lab.addHost({ ...ends, behind: [address], from: [own], onDatagram: receiver.deliver });
    if (way) sender?.reach(own, way);
  }
}
