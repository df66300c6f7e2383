import type { Logger } from '@taas/service';
import { unavailable } from '../errors/neutron-error.js';
import type { CaptureReceiver } from './capture-receiver.js';
import type { FrameRoutes } from './frame-routes.js';
import type { ReceiverSocket } from './receiver-socket.js';

/** The socket that all captures of this server share: opened for the first, and kept until the server stops. */
export class SharedSocket {
  #socket: Promise<ReceiverSocket> | null = null;

  constructor(
    private readonly receiver: Pick<CaptureReceiver, 'listenAddress' | 'open'>,
    private readonly routes: FrameRoutes,
    private readonly logger: Logger,
  ) {}

  /** @throws NeutronError 503 */
  open(): Promise<ReceiverSocket> {
    const { listenAddress: address, open } = this.receiver;
    this.#socket ??= open(address, (payload, from) => this.routes.take(payload, from)).catch((cause: unknown) => {
      this.#socket = null;
      this.logger.error({ cause, address }, 'captures cannot be received');
      throw unavailable('This server cannot receive captures at the moment; the operator sees why.', { cause });
    });
    return this.#socket;
  }

  async close(): Promise<void> {
    const socket = await this.#socket?.catch(() => null);
    this.#socket = null;
    await socket?.close();
  }
}
