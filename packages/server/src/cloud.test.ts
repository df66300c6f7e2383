import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fixed, silentLogger, systemClock } from '@taas/service';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { openKeystone } from './cloud.js';

/** A Keystone that never answers `held`, and everybody else at once. */
const held: ServerResponse[] = [];
const token = {
  ...{ methods: ['password'], user: { id: 'u', name: 'u', domain: { id: 'default', name: 'Default' } } },
  ...{
    project: { id: 'p', name: 'p', domain: { id: 'default', name: 'Default' } },
    roles: [{ id: 'r', name: 'member' }],
  },
  ...{ audit_ids: ['a'], issued_at: '2026-01-01T00:00:00.000000Z', expires_at: '2100-01-01T00:00:00.000000Z' },
};
const server = createServer((request, response) => {
  let body = '';
  request.on('data', (piece) => {
    body += piece;
  });
  request.on('end', () => {
    if (body.includes('"held"')) held.push(response);
    else {
      const made = request.method === 'POST' ? { 'x-subject-token': 'service' } : {};
      const bytes = JSON.stringify({ token });
      response
        .writeHead(request.method === 'POST' ? 201 : 200, { 'content-type': 'application/json', ...made })
        .end(bytes);
    }
  });
});
const never = new AbortController();

beforeEach(() => new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve)));
afterEach(() => {
  never.abort();
  server.close();
  server.closeAllConnections();
});

it('looks at tokens for everybody, however many log in and wait', async () => {
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v3`;
  const config = { url, timeout_ms: 10_000, token_cache_ms: 60_000, token_cache_size: 100 };
  const names = { userName: 'taas', userDomainName: 'Default', projectName: 'service', projectDomainName: 'Default' };
  const credentials = fixed({ kind: 'password', password: 'right', ...names } as const);
  const { logins, validator, http } = openKeystone(config, credentials, undefined, {
    ...{ clock: systemClock, random: () => 0.5, logger: silentLogger },
  });
  const person = {
    kind: 'password',
    userName: 'held',
    userDomainName: 'Default',
    password: 'x',
    passcode: null,
  } as const;
  let ended = 0;
  const asked = Array.from({ length: 300 }, () =>
    logins.logIn(person, never.signal).catch(() => {
      ended += 1;
    }),
  );
  await vi.waitFor(() => expect(held.length).toBeGreaterThan(0), { timeout: 10_000 });
  expect(await validator.validate('somebody', AbortSignal.timeout(5_000))).toMatchObject({ userId: 'u' });
  expect(ended).toBeLessThan(300);
  never.abort();
  await Promise.all(asked);
  http.close();
});
