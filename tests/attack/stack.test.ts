import type { TokenPort } from '@taas/lab';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Stack, uuid } from './stack.js';

describe('the stack that is attacked', () => {
  let stack: Stack;
  const ports = new Map<string, TokenPort>([[uuid(1), { project: 'acme', host: 'node-1' }]]);
  const asked = { tap_service: { port_id: uuid(1), name: 'probe' } };

  beforeAll(async () => {
    stack = await Stack.start({ ports });
  });
  afterAll(() => stack.stop());

  it('serves who owns a port', async () => {
    expect((await stack.call('tok-acme-member', 'POST', '/v2.0/taas/tap_services', asked)).status).toBe(201);
  });

  it('refuses who owns none, who may only read, and a stranger', async () => {
    const statusOf = async (token: string) =>
      (await stack.call(token, 'POST', '/v2.0/taas/tap_services', asked)).status;
    expect(await statusOf('tok-other-member')).toBe(404);
    expect(await statusOf('tok-acme-reader')).toBe(403);
    expect(await statusOf('nonsense')).toBe(401);
    expect(await statusOf('')).toBe(401);
  });
});
