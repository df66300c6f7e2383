import { type BackoffPolicy, backoffDelay, type Clock, type Logger } from '@taas/service';
import type { Vpp } from './vpp-messages.js';

export interface VppLinkOptions {
  readonly connect: (signal: AbortSignal) => Promise<Vpp>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly random: () => number;
  readonly backoff: BackoffPolicy;
}

export interface VppLinkListener {
  connected(vpp: Vpp): void;
  disconnected(reason: string): void;
}

/** Keeps a connection to VPP until `signal` aborts, telling the listener of each one and of each loss. */
export async function keepVppLink(
  options: VppLinkOptions,
  listener: VppLinkListener,
  signal: AbortSignal,
): Promise<void> {
  const { clock, logger, random, backoff } = options;
  for (let attempt = 0; !signal.aborted; ) {
    let reason: string;
    try {
      const vpp = await options.connect(signal);
      attempt = 0;
      const close = () => void vpp.close();
      signal.addEventListener('abort', close, { once: true });
      if (signal.aborted) close();
      logger.info({ version: vpp.version.version }, 'connected to VPP');
      listener.connected(vpp);
      const why = await vpp.closed;
      signal.removeEventListener('abort', close);
      reason = why?.message ?? 'the connection was closed';
    } catch (error) {
      reason = error instanceof Error ? error.message : String(error);
    }
    if (signal.aborted) return;
    logger.warn({ reason, attempt }, 'not connected to VPP');
    listener.disconnected(reason);
    await clock.sleep(backoffDelay(backoff, attempt++, random()), signal).catch(() => undefined);
  }
}
