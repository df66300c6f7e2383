import type { Server } from 'node:net';
import { networkOf } from '@taas/gateway';

export interface ConnectionLimits {
  /** Connections at a time from one address (IPv6: one /64) that is no trusted proxy's; 0 for no limit. */
  readonly perClient: number;
  /** From all addresses; 0 for no limit. */
  readonly total: number;
}

export const noConnectionLimits: ConnectionLimits = { perClient: 0, total: 0 };

/** Closes connections beyond the limits at once, before a TLS handshake or a byte of a request has cost anything. */
export function limitConnections(
  server: Server,
  limits: ConnectionLimits,
  isProxy: (address: string) => boolean,
): void {
  if (limits.total > 0) server.maxConnections = limits.total;
  if (limits.perClient === 0) return;
  const open = new Map<string, number>();
  server.prependListener('connection', (socket) => {
    const address = socket.remoteAddress;
    // It has gone already.
    if (address === undefined || isProxy(address)) return;
    const client = networkOf(address);
    const before = open.get(client) ?? 0;
    if (before >= limits.perClient) {
      socket.destroy();
      return;
    }
    open.set(client, before + 1);
    socket.once('close', () => {
      const left = (open.get(client) ?? 1) - 1;
      if (left > 0) open.set(client, left);
      else open.delete(client);
    });
  });
}
