import { type BackoffPolicy, backoffDelay, type Clock, type Logger } from '@taas/service';
import { VppCompatibilityError } from 'vpp-api';
import type { Vpp } from './vpp-messages.js';
import { isOlderThan } from './vpp-release.js';

export interface VppLinkOptions {
  readonly connect: (signal: AbortSignal) => Promise<Vpp>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly random: () => number;
  readonly backoff: BackoffPolicy;
}

export interface VppLinkListener {
  connected(vpp: Vpp): void;
  /** @param lacks what a VPP that answers is refused for; null: nothing is known of that */
  disconnected(reason: string, lacks: string | null): void;
}

const diesOfKills =
  'this VPP dies if a client is killed while VPP answers it, unless it has the commit 162b70d50aa of VPP 21.06: do not kill -9 the agent';

/** How long a stop waits for VPP to answer what it was asked; one that hangs must not keep the program from ending. */
const drainMs = 1000;

/**
 * Wants no more events, and resolves when VPP has answered all that it was asked, dumps that nobody waits for any more among them.
 * VPP before 21.06 dies when a client leaves while it is being told something (VPP's commit 162b70d50aa), and every VM's network
 * with it; VPP before 22.02 holds who has gone for subscribed, and refuses the next client in its place, whoever that is.
 */
async function drain(vpp: Vpp): Promise<void> {
  const within = { timeoutMs: drainMs };
  // VPP answers in the order in which it was asked.
  const unsubscribed = vpp.request('want_interface_events', { enable_disable: 0, pid: process.pid }, within);
  await Promise.allSettled([unsubscribed, vpp.ping(within)]);
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
    let lacks: string | null = null;
    try {
      const vpp = await options.connect(signal);
      attempt = 0;
      const close = () => void drain(vpp).then(() => vpp.close());
      signal.addEventListener('abort', close, { once: true });
      if (signal.aborted) close();
      logger.info({ version: vpp.version.version }, 'connected to VPP');
      if (isOlderThan(vpp.version.version, 2106)) logger.warn({ version: vpp.version.version }, diesOfKills);
      listener.connected(vpp);
      const why = await vpp.closed;
      signal.removeEventListener('abort', close);
      reason = why?.message ?? 'the connection was closed';
    } catch (error) {
      reason = error instanceof Error ? error.message : String(error);
      if (error instanceof VppCompatibilityError) lacks = error.mismatches.join('; ');
    }
    if (signal.aborted) return;
    logger.warn({ reason, attempt }, 'not connected to VPP');
    listener.disconnected(reason, lacks);
    await clock.sleep(backoffDelay(backoff, attempt++, random()), signal).catch(() => undefined);
  }
}
