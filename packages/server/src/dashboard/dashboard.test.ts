import { systemClock } from '@taas/service';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { portId } from '../test-cloud.suite.js';
import { Browser, openPlace, type Place } from './visitor.suite.js';

let place: Place;
let browser: Browser;
let offset = 0;
const clock = {
  now: () => systemClock.now() + offset,
  monotonic: () => systemClock.monotonic() + offset,
  sleep: systemClock.sleep,
};

beforeEach(async () => {
  offset = 0;
  place = await openPlace(clock);
  browser = new Browser(place.url);
});
afterEach(() => place.stop());

const services = '/dashboard/api/v2.0/taas/tap_services';
const wanted = { tap_service: { name: 'watch', port_id: portId(1) } };

describe('the page', () => {
  it('is served with a policy that lets nothing from elsewhere run, and asks for nothing to be logged in', async () => {
    const page = await browser.ask('GET', '/dashboard/');
    expect(page).toMatchObject({ status: 200, text: '<!doctype html><title>page</title>' });
    const policy = page.headers.get('content-security-policy') ?? '';
    for (const part of ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "base-uri 'none'"])
      expect(policy).toContain(part);
    expect(policy).not.toMatch(/unsafe|data:|\*|http/);
    expect(page.headers.get('x-content-type-options')).toBe('nosniff');
    expect((await browser.ask('GET', '/dashboard')).headers.get('location')).toBe('/dashboard/');
    expect((await browser.ask('GET', '/dashboard/app.js')).headers.get('content-type')).toMatch(/javascript/);
  });

  it('comes anew only when it has changed', async () => {
    const etag = (await browser.ask('GET', '/dashboard/')).headers.get('etag') ?? '';
    expect((await browser.ask('GET', '/dashboard/', undefined, { 'if-none-match': etag })).status).toBe(304);
    expect((await browser.ask('GET', '/dashboard/', undefined, { 'if-none-match': '"other"' })).status).toBe(200);
  });

  it.each(['/dashboard/../index.html', '/dashboard/%2e%2e/x', '/dashboard/constructor', '/dashboard/__proto__'])(
    'has no file %s',
    async (path) => {
      expect((await browser.ask('GET', path)).status).toBe(404);
    },
  );
});

describe('a session', () => {
  it('begins with a log-in, shows no token, and ends with its tokens revoked', async () => {
    const answer = await browser.logIn();
    expect(answer.status).toBe(200);
    expect(answer.headers.get('set-cookie')).toMatch(
      /^__Host-taas=[\w-]{43}; Path=\/; Secure; HttpOnly; SameSite=Strict$/,
    );
    expect(answer.body).toMatchObject({
      user: { name: 'alice' },
      project: { id: 'acme' },
      projects: [{ id: 'acme' }, { id: 'beta' }],
      may: { create_tap_flow: true, get_taas_audit: false },
    });
    expect(answer.text).not.toContain('token:');
    expect((await browser.ask('GET', '/dashboard/session')).text).toBe(answer.text);
    const old = browser.cookie;
    expect((await browser.ask('DELETE', '/dashboard/session')).status).toBe(204);
    expect(browser.cookie).toBeNull();
    browser.cookie = old;
    expect((await browser.ask('GET', '/dashboard/session')).status).toBe(401);
    expect([...place.people.revoked].sort()).toEqual(['token:alice:', 'token:alice:acme']);
  });

  it('is refused with a wrong password in the words of one for everybody who does not exist', async () => {
    const wrong = await browser.logIn({ user: 'alice', password: 'wrong' });
    const nobody = await browser.logIn({ user: 'nobody', password: 'wrong' });
    expect(wrong).toMatchObject({ status: 401, body: { error: { code: 'login_refused' } } });
    expect(nobody.text).toBe(wrong.text);
    expect(browser.cookie).toBeNull();
  });

  it('of a user with a second factor asks for it', async () => {
    const first = await browser.logIn({ user: 'bob', password: 'right' });
    expect(first.body.error.code).toBe('passcode_needed');
    expect((await browser.logIn({ user: 'bob', password: 'right', passcode: '123456' })).status).toBe(200);
  });

  it('can be one of an application credential, which has one project', async () => {
    const answer = await browser.logIn({ application_credential_id: 'c1', secret: 's' });
    expect(answer.body).toMatchObject({ project: { id: 'acme' }, projects: [{ id: 'acme' }] });
    expect((await browser.ask('PUT', '/dashboard/session', { project_id: 'beta' })).status).toBe(403);
  });

  it('switches the project, with another secret than before', async () => {
    await browser.logIn();
    const old = browser.cookie;
    const answer = await browser.ask('PUT', '/dashboard/session', { project_id: 'beta' });
    expect(answer.body.project).toEqual({ id: 'beta', name: 'beta' });
    expect(browser.cookie).not.toBe(old);
    const before = new Browser(place.url);
    before.cookie = old;
    expect((await before.ask('GET', '/dashboard/session')).status).toBe(401);
    const foreign = await browser.ask(
      'PUT',
      '/dashboard/session',
      { project_id: 'umbrella' },
      { 'x-csrf-token': answer.body.csrf },
    );
    expect(foreign.body.error.code).toBe('no_project');
  });

  it('ends when its token does, when nobody uses it, and not for the sake of what the page asks by itself', async () => {
    place.people.expiresAt = clock.now() + 5 * 3_600_000;
    await browser.logIn();
    const byItself = { 'x-taas-background': '1' };
    offset = 50 * 60_000;
    expect((await browser.ask('GET', services)).status).toBe(200);
    offset += 50 * 60_000;
    expect((await browser.ask('GET', services, undefined, byItself)).status).toBe(200);
    offset += 11 * 60_000;
    expect((await browser.ask('GET', services, undefined, byItself)).status).toBe(401);
    place.people.expiresAt = clock.now() + 60_000;
    await browser.logIn();
    offset += 61_000;
    expect((await browser.ask('GET', services)).status).toBe(401);
  });

  it('whose token Keystone has withdrawn is none any more', async () => {
    await browser.logIn();
    place.people.revoked.add('token:alice:acme');
    expect((await browser.ask('GET', services)).status).toBe(401);
    expect(await browser.ask('GET', '/dashboard/session')).toMatchObject({
      status: 401,
      body: { error: { code: 'not_logged_in' } },
    });
  });
});

describe('what the page is shown', () => {
  it('is what the API shows to its token', async () => {
    await browser.logIn();
    const made = await browser.ask('POST', services, wanted);
    expect(made).toMatchObject({ status: 201, body: { tap_service: { name: 'watch', project_id: 'acme' } } });
    const direct = await fetch(`${place.url}/v2.0/taas/tap_services`, {
      headers: { 'x-auth-token': 'token:alice:acme' },
    });
    const shown = await browser.ask('GET', services);
    expect(shown.text).toBe(await direct.text());
    expect(shown.headers.get('cache-control')).toBe('no-store');
    expect(shown.headers.get('content-security-policy')).toContain("default-src 'none'");
  });

  it('is nothing of another project', async () => {
    await browser.logIn();
    const { body } = await browser.ask('POST', services, wanted);
    const other = new Browser(place.url);
    await other.logIn({ user: 'bob', password: 'right', passcode: '123456' });
    expect((await other.ask('GET', services)).body.tap_services).toEqual([]);
    expect((await other.ask('GET', `${services}/${body.tap_service.id}`)).status).toBe(404);
    expect((await other.ask('DELETE', `${services}/${body.tap_service.id}`)).status).toBe(404);
  });

  it.each([
    ['GET', '/dashboard/api/v2.0/subnets'],
    ['DELETE', `/dashboard/api/v2.0/ports/${portId(1)}`],
    ['PUT', '/dashboard/api/v2.0/quotas/acme'],
    ['GET', '/dashboard/api/v2.0/ports/a/b'],
    ['GET', '/dashboard/api/healthcheck'],
    ['GET', '/dashboard/api//dashboard/session'],
  ])('%s %s is not there', async (method, path) => {
    await browser.logIn();
    expect(await browser.ask(method, path)).toMatchObject({ status: 404, body: { error: { code: 'not_found' } } });
  });
});

describe('an attacker', () => {
  it('cannot prepare a session for somebody: a log-in has its own secret, whatever cookie came with it', async () => {
    const planted = `__Host-taas=${'A'.repeat(43)}`;
    browser.cookie = planted;
    await browser.logIn();
    expect(browser.cookie).not.toBe(planted);
    const attacker = new Browser(place.url);
    attacker.cookie = planted;
    expect((await attacker.ask('GET', services)).status).toBe(401);
  });

  it('who has a session of their own and plants it loses it as soon as the other logs in', async () => {
    const attacker = new Browser(place.url);
    await attacker.logIn();
    browser.cookie = attacker.cookie;
    await browser.logIn();
    expect((await attacker.ask('GET', services)).status).toBe(401);
  });

  it.each([
    ['another site, by what the browser says', { 'sec-fetch-site': 'cross-site' }],
    ['another host of the same site', { 'sec-fetch-site': 'same-site' }],
    ['another origin', { origin: 'https://evil.example' }],
    ['an origin that is nobody', { origin: 'null' }],
    ['the same host by another port', { origin: 'http://127.0.0.1:1' }],
    ['without the token against forgery', { 'x-csrf-token': '' }],
    ['with another one', { 'x-csrf-token': 'A'.repeat(43) }],
  ])('on %s makes nothing, changes nothing and logs nobody out', async (_, headers) => {
    await browser.logIn();
    for (const [method, path, body] of [
      ['POST', services, wanted],
      ['PUT', '/dashboard/session', { project_id: 'beta' }],
      ['DELETE', '/dashboard/session', undefined],
    ] as const)
      expect((await browser.ask(method, path, body, headers)).body.error.code).toBe('not_from_here');
    expect((await browser.ask('GET', services)).body.tap_services).toEqual([]);
    expect((await browser.ask('GET', '/dashboard/session')).body.project.id).toBe('acme');
  });

  it('on another site reads nothing, downloads nothing and logs nobody in as themselves', async () => {
    await browser.logIn();
    const elsewhere = { 'sec-fetch-site': 'cross-site' };
    for (const path of [services, '/dashboard/session', '/dashboard/api/v2.0/taas/captures/x/stream'])
      expect((await browser.ask('GET', path, undefined, elsewhere)).status).toBe(403);
    const form = { user: 'alice', password: 'right' };
    expect((await browser.ask('POST', '/dashboard/session', form, elsewhere)).status).toBe(403);
    const asForm = { 'content-type': 'text/plain' };
    expect((await browser.ask('POST', '/dashboard/session', form, asForm)).body.error.code).toBe('not_from_here');
    const { origin: _, ...silent } = { origin: '', cookie: browser.cookie ?? '', 'content-type': 'application/json' };
    const unsaid = await fetch(`${place.url}/dashboard/session`, {
      ...{ method: 'POST', headers: silent, body: JSON.stringify(form) },
    });
    expect(unsaid.status).toBe(403);
  });

  it('who sends a token beside the cookie is the session, and without a session nobody', async () => {
    await browser.logIn();
    const foreign = { 'x-auth-token': 'token:bob:umbrella' };
    await browser.ask('POST', services, wanted, foreign);
    expect((await browser.ask('GET', services, undefined, foreign)).body.tap_services).toMatchObject([
      { project_id: 'acme' },
    ]);
    browser.cookie = null;
    expect((await browser.ask('GET', services, undefined, foreign)).status).toBe(401);
  });

  it('who sends two cookies is nobody', async () => {
    await browser.logIn();
    browser.cookie = `${browser.cookie}; ${browser.cookie}`;
    expect((await browser.ask('GET', services)).status).toBe(401);
  });

  it('who guesses at a password is held up before Keystone is asked, and holds up nobody else', async () => {
    const guess = () => browser.logIn({ user: ' Alice', password: 'wrong' });
    for (let n = 0; n < 5; n += 1) expect((await guess()).status).toBe(401);
    const held = await guess();
    expect(held).toMatchObject({ status: 429, body: { error: { code: 'too_many_logins' } } });
    expect(Number(held.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(place.people.attempts).toHaveLength(5);
    // The same name spelled otherwise is no other name.
    expect((await browser.logIn()).status).toBe(429);
    expect((await browser.logIn({ user: 'bob', password: 'right', passcode: '123456' })).status).toBe(200);
    offset += 13_000;
    expect((await browser.logIn()).status).toBe(200);
  });

  it('who guesses at many names is held up as well', async () => {
    let asked = 0;
    for (let n = 0; n < 40; n += 1)
      if ((await browser.logIn({ user: `u${n}`, password: 'x' })).status === 401) asked += 1;
    expect(asked).toBeLessThan(35);
    expect(place.people.attempts).toHaveLength(asked);
  });

  it('cannot have more passwords looked at at a time than their share', async () => {
    let release = () => undefined as undefined;
    place.people.held = new Promise((resolve) => {
      release = () => void resolve();
    });
    let refused = 0;
    const asked = Array.from({ length: 10 }, async (_, n) => {
      const { status } = await new Browser(place.url).logIn({ user: `u${n}`, password: 'x' });
      if (status === 429) refused += 1;
      return status;
    });
    await vi.waitFor(() => expect(refused).toBe(4));
    expect(place.people.attempts).toHaveLength(2);
    release();
    const all = await Promise.all(asked);
    expect(all.filter((status) => status === 401)).toHaveLength(6);
  });

  it('sends no more than a log-in has', async () => {
    const answer = await browser.ask('POST', '/dashboard/session', { user: 'x'.repeat(20_000), password: 'x' });
    expect(answer.status).toBe(400);
    expect(answer.text).not.toContain('xxx');
    expect(place.people.attempts).toEqual([]);
  });
});

describe('sessions are bounded', () => {
  it('of one user: the one used longest ago ends', async () => {
    const browsers = Array.from({ length: 17 }, () => new Browser(place.url));
    for (const each of browsers) {
      await each.logIn();
      offset += 13_000;
    }
    expect((await browsers[0]?.ask('GET', services))?.status).toBe(401);
    expect((await browsers[1]?.ask('GET', services))?.status).toBe(200);
    expect((await browsers[16]?.ask('GET', services))?.status).toBe(200);
  });
});
