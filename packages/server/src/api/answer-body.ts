import { pipeline, Readable } from 'node:stream';
import { setImmediate as nextLap } from 'node:timers/promises';
import type { FastifyReply } from 'fastify';

const type = 'application/json';

export function json(reply: FastifyReply, status: number, body: unknown): FastifyReply {
  return bytes(reply, status, Buffer.from(JSON.stringify(body)));
}

/**
 * JSON in pieces, one a lap of the event loop: the kernel may take all of a large body at once, and copying that takes as long as
 * there is of it.
 */
export function inPieces(reply: FastifyReply, status: number, pieces: readonly Buffer[]): FastifyReply {
  const [only = Buffer.alloc(0), ...more] = pieces;
  if (more.length === 0) return bytes(reply, status, only);
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  const headers = { 'content-type': type, 'content-length': length };
  return reply
    .code(status)
    .headers(headers)
    .send(Readable.from(paced(pieces)));
}

/**
 * Bytes as they come, for however long: the framework ends all other answers when a request has taken too long. The stream is destroyed
 * when the client goes.
 */
export function asItComes(reply: FastifyReply, status: number, stream: Readable): FastifyReply {
  reply.hijack();
  reply.raw.writeHead(
    status,
    Object.entries(reply.getHeaders()).flatMap(([name, value]) => [name, String(value)]),
  );
  // Which side was first to go makes no difference any more.
  pipeline(stream, reply.raw, () => undefined);
  return reply;
}

async function* paced(pieces: readonly Buffer[]): AsyncGenerator<Buffer, void, void> {
  for (const piece of pieces) {
    yield piece;
    await nextLap();
  }
}

/** As bytes, since Fastify would add a charset that Neutron does not send. */
function bytes(reply: FastifyReply, status: number, body: Buffer): FastifyReply {
  return reply.code(status).header('content-type', type).send(body);
}
