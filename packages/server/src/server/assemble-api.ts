import { Clients } from '@taas/gateway';
import type { FastifyInstance } from 'fastify';
import { createApi } from '../api/create-api.js';
import { Access } from '../auth/access.js';
import { Door, openDoor } from '../front/door.js';
import { passThroughTo } from '../front/neutron-behind.js';
import { RateLimiter } from '../http/rate-limit.js';
import { OwnWrites } from '../view/own-writes.js';
import type { ApiParts } from './api-parts.js';
import { openDesks } from './open-desks.js';

/** The desks behind the API, the door before it, and the API itself. */
export function assembleApi(parts: ApiParts): FastifyInstance {
  const { store, live, limits, authenticator, neutron, audit, slices, clock, newId, logger } = parts;
  const { known } = authenticator;
  const access = new Access(parts.rules);
  const writes = new OwnWrites();
  const clients = new Clients({ clock, trustedProxies: parts.trustedProxies, projectOf: known });
  const passThrough =
    neutron &&
    passThroughTo(neutron, {
      clients,
      clock,
      newId,
      logger,
      chunkedBodyBytes: limits.bodyBytes,
      portDeleted: parts.portDeleted,
      removal: { store, live, writes, catchUpMs: limits.catchUpMs, behalves: audit?.behalves },
    });
  return createApi({
    limits,
    authenticator,
    access,
    slices,
    clients,
    passThrough,
    audit,
    clock,
    newId,
    logger,
    desks: openDesks(parts, { access, writes, passThrough }),
    // Where there are no tokens, everybody would be a stranger.
    door: new Door(known ? parts.strangers : openDoor, clock),
    rate: new RateLimiter(parts.rate, clock),
    connections: parts.connections,
    silenceMs: neutron?.silenceMs ?? 0,
    dashboard: parts.dashboard,
    onAnswered: parts.onAnswered,
    tls: parts.tls,
  });
}
