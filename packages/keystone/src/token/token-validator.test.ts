import { setMaxListeners } from 'node:events';
import { fixed } from '@taas/service';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  type FakeKeystone,
  json,
  keystoneParts,
  type ManualClock,
  manualClock,
  startFakeKeystone,
  tokenBody,
} from '../fake-keystone.suite.js';
import { InvalidTokenError, KeystoneUnavailableError } from '../keystone-error.js';

const never = new AbortController().signal;
setMaxListeners(0, never);
let clock: ManualClock;
let fake: FakeKeystone;

beforeEach(async () => {
  clock = manualClock();
  fake = await startFakeKeystone(clock);
  fake.state.tokens.set('good', tokenBody());
});
afterEach(() => fake.close());

const parts = (options: Parameters<typeof keystoneParts>[2] = {}) => keystoneParts(fake.url, clock, options);

describe('what a token is', () => {
  test('of a project', async () => {
    expect(await parts().validator.validate(' good\n', never)).toMatchObject({
      userId: 'user-1',
      projectId: 'project-1',
      roles: ['member'],
      system: false,
      domainId: null,
      isAdminProject: true,
      expiresAt: Date.parse('2026-01-01T04:00:00Z'),
      applicationCredential: null,
      auditId: 'audit-1',
    });
    expect(fake.state.lastValidation['openstack-identity-access-rules']).toBe('1');
  });

  test.each([
    ['without scope', { project: undefined, roles: undefined }, { projectId: null, roles: [], system: false }],
    ['of the system', { project: undefined, system: { all: true } }, { projectId: null, system: true }],
    ['of a domain', { project: undefined, domain: { id: 'd' } }, { projectId: null, domainId: 'd' }],
    ['not of the admin project', { is_admin_project: false }, { isAdminProject: false }],
    [
      'of an application credential',
      {
        application_credential: {
          id: 'c',
          name: 'n',
          restricted: true,
          access_rules: [{ id: 'x', service: 'network', method: 'GET', path: '/v2.0/**' }],
        },
      },
      { applicationCredential: { id: 'c', accessRules: [{ service: 'network', method: 'GET', path: '/v2.0/**' }] } },
    ],
  ])('%s', async (_what, fields, expected) => {
    fake.state.tokens.set('t', tokenBody(fields));
    expect(await parts().validator.validate('t', never)).toMatchObject(expected);
  });
});

describe('memory', () => {
  test('Keystone is asked once within the age, and again after it', async () => {
    const { validator } = parts({ cache: { maxAgeMs: 60_000, refreshAfterMs: 60_000 } });
    for (let i = 0; i < 5; i++) await validator.validate('good', never);
    clock.advance(59_999);
    await validator.validate('good', never);
    expect(fake.state.validations).toHaveLength(1);
    clock.advance(1);
    await validator.validate('good', never);
    expect(fake.state.validations).toHaveLength(2);
  });

  test('a revocation is noticed within the age', async () => {
    const { validator } = parts({ cache: { refreshAfterMs: 60_000 } });
    await validator.validate('good', never);
    fake.state.tokens.delete('good');
    await validator.validate('good', never);
    clock.advance(60_000);
    await expect(validator.validate('good', never)).rejects.toThrow(InvalidTokenError);
  });

  test('a token in use is checked again ahead of time, and a revocation found then counts at once', async () => {
    const { validator } = parts();
    await validator.validate('good', never);
    fake.state.tokens.delete('good');
    clock.advance(30_000);
    await validator.validate('good', never);
    await vi.waitFor(() => expect(fake.state.validations).toHaveLength(2));
    await vi.waitFor(() => expect(validator.validate('good', never)).rejects.toThrow(InvalidTokenError));
    expect(fake.state.validations).toHaveLength(2);
  });

  test("never beyond the token's own end", async () => {
    fake.state.tokens.set('short', tokenBody({ expires_at: '2026-01-01T00:00:10Z' }));
    const { validator } = parts();
    await validator.validate('short', never);
    clock.advance(10_000);
    await expect(validator.validate('short', never)).rejects.toThrow(/expired/);
  });

  test('a refusal is remembered shortly', async () => {
    const { validator } = parts();
    for (let i = 0; i < 3; i++) await expect(validator.validate('bad', never)).rejects.toThrow(InvalidTokenError);
    expect(fake.state.validations).toHaveLength(1);
    fake.state.tokens.set('bad', tokenBody());
    clock.advance(10_000);
    await validator.validate('bad', never);
  });

  test('is bounded, and guesses do not push good tokens out', async () => {
    const { validator } = parts({ cache: { maxTokens: 2, maxInvalidTokens: 2 } });
    await validator.validate('good', never);
    for (const guess of ['a', 'b', 'c', 'd']) {
      await expect(validator.validate(guess, never)).rejects.toThrow(InvalidTokenError);
    }
    await validator.validate('good', never);
    expect(fake.state.validations.filter((token) => token === 'good')).toHaveLength(1);
    for (const token of ['x', 'y']) {
      fake.state.tokens.set(token, tokenBody());
      await validator.validate(token, never);
    }
    await validator.validate('good', never);
    expect(fake.state.validations.filter((token) => token === 'good')).toHaveLength(2);
  });

  test('overlapping checks of one token are one request', async () => {
    const { validator } = parts();
    await Promise.all(Array.from({ length: 50 }, () => validator.validate('good', never)));
    expect(fake.state.validations).toEqual(['good']);
    expect(fake.state.logins).toBe(1);
  });

  test('one caller who leaves does not take the answer from the others', async () => {
    const { validator } = parts();
    const leaving = new AbortController();
    const left = validator.validate('good', leaving.signal);
    const stayed = validator.validate('good', never);
    leaving.abort(new Error('gone'));
    await expect(left).rejects.toThrow('gone');
    expect((await stayed).userId).toBe('user-1');
  });
});

test.each([
  ['', 'empty'],
  ['a b', 'space'],
  ['a\r\nx-auth-token: b', 'header'],
  ['ü', 'not ASCII'],
  ['x'.repeat(9000), 'long'],
])('%j (%s) is refused without asking', async (token) => {
  await expect(parts().validator.validate(token, never)).rejects.toThrow(InvalidTokenError);
  expect(fake.state.logins).toBe(0);
});

describe('a Keystone in trouble', () => {
  test.each<[string, (response: Parameters<typeof json>[0]) => void]>([
    ['500', (response) => json(response, 500, {})],
    ['503', (response) => json(response, 503, {})],
    ['403', (response) => json(response, 403, {})],
    ['a redirect', (response) => json(response, 302, {}, { location: 'http://127.0.0.1:1/' })],
    ['not JSON', (response) => response.end('<html>')],
    ['no token in it', (response) => json(response, 200, { token: {} })],
    ['an unreadable time', (response) => json(response, 200, { token: tokenBody({ expires_at: 'soon' }) })],
    ['a huge answer', (response) => response.end('x'.repeat(200_000))],
    [
      'a broken off answer',
      (response) => {
        response.writeHead(200, { 'content-length': '10' });
        response.write('{', () => response.destroy());
      },
    ],
    ['no answer at all', (response) => response.destroy()],
  ])('%s: unavailable, not invalid', async (_what, answer) => {
    const { validator, serviceTokens } = parts();
    await serviceTokens.get(never);
    fake.state.override = (_request, response) => answer(response);
    await expect(validator.validate('good', never)).rejects.toThrow(KeystoneUnavailableError);
    fake.state.override = null;
    expect((await validator.validate('good', never)).userId).toBe('user-1');
  });

  test('slow: a time-out, and no more requests at a time than allowed', async () => {
    const { validator, serviceTokens } = parts({
      limits: { timeoutMs: 150, maxConcurrent: 4, maxQueued: 8, failures: 100 },
      unknown: { concurrent: 100, concurrentPerKey: 100 },
    });
    await serviceTokens.get(never);
    fake.state.override = () => undefined;
    const checks = await Promise.allSettled(Array.from({ length: 20 }, (_, i) => validator.validate(`t${i}`, never)));
    const reasons = checks.map((check) =>
      check.status === 'rejected' ? (check.reason as KeystoneUnavailableError).reason : '',
    );
    expect(fake.state.maxInFlight).toBe(4);
    expect(reasons.filter((reason) => reason === 'timeout')).toHaveLength(12);
    expect(reasons.filter((reason) => reason === 'overloaded')).toHaveLength(8);
  });

  test('down: known tokens go on within their age, others say 503 and Keystone is left alone but for probes', async () => {
    const { validator } = parts({ limits: { failures: 3, backoff: { firstMs: 1000, maxMs: 8000 } } });
    await validator.validate('good', never);
    let asked = 0;
    fake.state.override = (_request, response) => {
      asked++;
      json(response, 503, {});
    };
    for (let i = 0; i < 20; i++)
      await expect(validator.validate(`t${i}`, never)).rejects.toThrow(KeystoneUnavailableError);
    expect(asked).toBe(3);
    await validator.validate('good', never);

    clock.advance(1000);
    for (let i = 0; i < 5; i++)
      await expect(validator.validate(`u${i}`, never)).rejects.toThrow(KeystoneUnavailableError);
    expect(asked).toBe(4);

    clock.advance(60_000);
    await expect(validator.validate('good', never)).rejects.toThrow(KeystoneUnavailableError);
    fake.state.override = null;
    clock.advance(8000);
    await validator.validate('good', never);
  });
});

describe('the service token', () => {
  test('is fetched again when Keystone no longer accepts it', async () => {
    const { validator } = parts();
    await validator.validate('good', never);
    fake.state.serviceTokens.clear();
    fake.state.tokens.set('other', tokenBody());
    await validator.validate('other', never);
    expect(fake.state.logins).toBe(2);
  });

  test('is renewed before its end, without anybody waiting', async () => {
    fake.state.serviceTokenLifeMs = 1_000_000;
    const { serviceTokens } = parts();
    expect(await serviceTokens.get(never)).toBe('service-token-1');
    clock.advance(870_000);
    expect(await serviceTokens.get(never)).toBe('service-token-1');
    clock.advance(10_001);
    expect(await serviceTokens.get(never)).toBe('service-token-1');
    await vi.waitFor(async () => expect(await serviceTokens.get(never)).toBe('service-token-2'));
    expect(fake.state.logins).toBe(2);
  });

  test('wrong credentials are tried ever more slowly, lest the account be locked', async () => {
    const { validator } = parts({ password: fixed('wrong') });
    const attempt = () => expect(validator.validate('good', never)).rejects.toThrow(KeystoneUnavailableError);
    for (let i = 0; i < 10; i++) await attempt();
    expect(fake.state.logins).toBe(1);
    clock.advance(2000);
    await attempt();
    expect(fake.state.logins).toBe(2);
    clock.advance(2000);
    await attempt();
    expect(fake.state.logins).toBe(2);
  });

  test('a new password is tried at once, also when the one before it was refused', async () => {
    const listeners: ((text: string) => void)[] = [];
    let password = 'wrong';
    const watched = {
      get current() {
        return password;
      },
      onChange: (listener: (text: string) => void) => void listeners.push(listener),
    };
    const { validator } = parts({ password: watched });
    await expect(validator.validate('good', never)).rejects.toThrow(KeystoneUnavailableError);
    password = 'right';
    for (const listener of listeners) listener(password);
    expect(await validator.validate('good', never)).toMatchObject({ projectId: 'project-1' });
    expect(fake.state.logins).toBe(2);
  });
});

test('no error text holds a token or the password', async () => {
  const { validator } = parts({ password: fixed('hunter2') });
  const error = await validator.validate('secret-token', never).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(KeystoneUnavailableError);
  expect(JSON.stringify([String(error), (error as Error).stack])).not.toMatch(/hunter2|secret-token/);
});

describe('tokens that were never good', () => {
  /** Guesses in progress, none of them answered. */
  const guesses = (validator: ReturnType<typeof parts>['validator'], count: number, client: string) => {
    fake.state.override = (request, response) => {
      const subject = String(request.headers['x-subject-token']);
      fake.state.validations.push(subject);
      const token = fake.state.tokens.get(subject);
      if (token !== undefined) json(response, 200, { token });
    };
    const end = new AbortController();
    setMaxListeners(0, end.signal);
    const asked = Array.from({ length: count }, (_, n) => validator.validate(`${client}-${n}`, end.signal, client));
    const settled = Promise.allSettled(asked);
    return { settled, end: () => end.abort(new Error('over')) };
  };

  test('of one client wait for each other, and nobody else waits for them', async () => {
    fake.state.tokens.set('later', tokenBody());
    const { validator, serviceTokens } = parts();
    await serviceTokens.get(never);
    await validator.validate('good', never, 'tenant');
    const { settled, end } = guesses(validator, 320, 'attacker');
    await vi.waitFor(() => expect(fake.state.inFlight).toBe(6));
    // What was good is checked again at once, and what is new from elsewhere has a turn.
    clock.advance(60_000);
    await validator.validate('good', never, 'attacker');
    await validator.validate('later', never, 'tenant');
    expect(fake.state.maxInFlight).toBeLessThanOrEqual(8);
    end();
    const reasons = (await settled).filter(
      (each) => each.status === 'rejected' && each.reason instanceof KeystoneUnavailableError,
    );
    // 6 asked and 32 waited; the rest was refused at once.
    expect(reasons).toHaveLength(320 - 38);
  });

  test('are known once they are good, and not when they are refused later', async () => {
    const { validator } = parts();
    expect(validator.known('good')).toBeNull();
    await validator.validate('good', never);
    expect(validator.known(' good ')).toBe('project-1');
    fake.state.tokens.delete('good');
    clock.advance(60_000);
    expect(validator.known('good')).toBe('project-1');
    await expect(validator.validate('good', never)).rejects.toThrow(InvalidTokenError);
    expect(validator.known('good')).toBeNull();
  });
});
