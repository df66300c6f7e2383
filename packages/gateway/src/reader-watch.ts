import type { ServerResponse } from 'node:http';
import type { Clock } from '@taas/service';
import { ClientGoneError } from './departure.js';

export interface ReaderLimits {
  /** Between two polls, in ms. */
  readonly pollMs: number;
  /** What a client must read between two polls while something waits for it, in bytes. */
  readonly leastBytes: number;
  /** Looks in a row at which it has read less. */
  readonly polls: number;
}

/** 12.8 kB/s; who reads nothing is waited for 20 s. */
export const defaultReaderLimits: ReaderLimits = { pollMs: 5_000, leastBytes: 64_000, polls: 4 };

/**
 * Aborts `gone` when the client reads so slowly that it keeps what others need: Neutron's connection, and the slot.
 * Resolves when `over` aborts.
 */
export async function watchReader(
  response: ServerResponse,
  gone: AbortController,
  over: AbortSignal,
  clock: Clock,
  limits: ReaderLimits,
): Promise<void> {
  const { socket } = response;
  let before = socket?.bytesWritten ?? 0;
  let slow = 0;
  while (!over.aborted) {
    try {
      await clock.sleep(limits.pollMs, over);
    } catch {
      return;
    }
    const now = socket?.bytesWritten ?? 0;
    slow = response.writableNeedDrain && now - before < limits.leastBytes ? slow + 1 : 0;
    before = now;
    if (slow < limits.polls) continue;
    gone.abort(new ClientGoneError('the client reads its answer too slowly'));
    return;
  }
}
