import Fastify from 'fastify';
import { expect, it } from 'vitest';
import { inPieces } from './answer-body.js';

it('sends a large body whole, and goes round the event loop between its pieces', async () => {
  const pieces = Array.from({ length: 40 }, (_, n) => Buffer.alloc(64 * 1024, `${n % 10}`));
  const app = Fastify();
  app.get('/', (_request, reply) => inPieces(reply, 200, pieces));
  await app.ready();
  let laps = 0;
  let over = false;
  const lap = (): void => {
    laps += 1;
    if (!over) setImmediate(lap);
  };
  setImmediate(lap);
  const answer = await app.inject('/');
  over = true;
  expect(answer.headers).toMatchObject({ 'content-type': 'application/json', 'content-length': `${40 * 64 * 1024}` });
  expect(answer.rawPayload.equals(Buffer.concat(pieces))).toBe(true);
  expect(laps).toBeGreaterThanOrEqual(pieces.length);
  await app.close();
});

it('sends a small one as it is', async () => {
  const app = Fastify();
  app.get('/', (_request, reply) => inPieces(reply, 200, [Buffer.from('[1]')]));
  const { body, headers } = await app.inject('/');
  expect([body, headers['content-length']]).toEqual(['[1]', '3']);
  await app.close();
});
