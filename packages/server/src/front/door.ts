import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Client } from '@taas/gateway';
import type { Clock } from '@taas/service';
import { NeutronError } from '../errors/neutron-error.js';
import { RateLimiter } from '../http/rate-limit.js';

export interface DoorLimits {
  /** Requests a second from one address (IPv6: one /64) without a token that is known here; 0 for no limit. */
  readonly perSecond: number;
  /** After a rest. */
  readonly burst: number;
  /** Of which at a time; 0 for no limit. */
  readonly concurrent: number;
}

/** Requests that one connection may have in progress: who sends more before it has read an answer wants none. */
const mostPipelined = 32;

export const openDoor: DoorLimits = { perSecond: 0, burst: 1, concurrent: 0 };

/** What strangers may ask, address by address: all work that can be had without a token is bounded here, before it is done. */
export class Door {
  readonly #rate: RateLimiter;
  readonly #inside = new Map<string, number>();
  /** Connections, and how many of their requests are in progress; infinitely many once one was refused. */
  readonly #inProgress = new WeakMap<Socket, number>();

  constructor(
    private readonly limits: DoorLimits,
    clock: Clock,
  ) {
    this.#rate = new RateLimiter({ perSecond: limits.perSecond, burst: limits.burst }, clock);
  }

  /**
   * Lets a request in, or closes its connection, mostly with a 429. Node reads all requests that have come by a connection
   * at once; what is behind a refused one is not even answered.
   * @returns whether it is let in
   */
  admit(
    clientOf: (request: IncomingMessage) => Client,
    request: IncomingMessage,
    response: ServerResponse,
    requestId: () => string,
  ): boolean {
    const { socket } = request;
    const inProgress = this.#inProgress.get(socket) ?? 0;
    if (inProgress >= mostPipelined) {
      this.#inProgress.set(socket, Number.POSITIVE_INFINITY);
      socket.destroy();
      return false;
    }
    this.#inProgress.set(socket, inProgress + 1);
    response.once('close', () => this.#inProgress.set(socket, (this.#inProgress.get(socket) ?? 1) - 1));
    const { known, network } = clientOf(request);
    if (known) return true;
    const inside = this.#inside.get(network) ?? 0;
    const full = this.limits.concurrent > 0 && inside >= this.limits.concurrent;
    const wait = full ? 1000 : this.#rate.take(network);
    if (wait > 0) {
      refuse(request, response, requestId(), wait);
      this.#inProgress.set(socket, Number.POSITIVE_INFINITY);
      return false;
    }
    this.#inside.set(network, inside + 1);
    response.once('close', () => {
      const left = (this.#inside.get(network) ?? 1) - 1;
      if (left > 0) this.#inside.set(network, left);
      else this.#inside.delete(network);
    });
    return true;
  }
}

const crowded = new NeutronError(
  429,
  'HTTPTooManyRequests',
  'Too many requests without a known token come from this address: try again later.',
);
const body = JSON.stringify(crowded.body);

function refuse(request: IncomingMessage, response: ServerResponse, requestId: string, waitMs: number): void {
  // Nothing more is read of it, nor of what was sent behind it on the same connection.
  request.pause();
  response.writeHead(429, {
    'Content-Type': 'application/json',
    'Content-Length': String(body.length),
    'Retry-After': String(Math.max(1, Math.ceil(waitMs / 1000))),
    'X-Openstack-Request-Id': requestId,
    Connection: 'close',
  });
  response.end(body, () => request.socket.destroySoon());
}
