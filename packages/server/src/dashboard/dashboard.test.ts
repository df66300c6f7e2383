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
      may: { create_tap_flow: true, update_tap_flow: true, approve_tap_flow: true, get_taas_audit: false },
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
    place.people.withdraw('alice', 'acme');
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

/** @returns what lets those go who wait */
function holdScopes(): () => void {
  let release = () => undefined as undefined;
  place.people.scopeHeld = new Promise((resolve) => {
    release = () => void resolve();
  });
  return () => void release();
}

describe('a switch of the project', () => {
  const to = (project: string) => browser.ask('PUT', '/dashboard/session', { project_id: project });

  it('asks Keystone once at a time for a session, and leaves one session', async () => {
    await browser.logIn();
    const { cookie, csrf } = browser;
    const [before, release] = [place.people.scopes, holdScopes()];
    let refused = 0;
    const asked = Array.from({ length: 8 }, async () => {
      const each = new Browser(place.url);
      each.cookie = cookie;
      each.csrf = csrf;
      const { status } = await each.ask('PUT', '/dashboard/session', { project_id: 'beta' });
      if (status === 429) refused += 1;
      return { status, each };
    });
    await vi.waitFor(() => expect(refused).toBe(7));
    expect(place.people.scopes - before).toBe(1);
    release();
    const all = await Promise.all(asked);
    const open = await Promise.all(all.map(({ each }) => each.ask('GET', '/dashboard/session')));
    expect(open.filter(({ status }) => status === 200)).toHaveLength(1);
  });

  it('is for so many of one user at a time, with however many sessions, and of a session so often', async () => {
    const browsers = Array.from({ length: 5 }, () => new Browser(place.url));
    for (const each of browsers) await each.logIn();
    const [before, release] = [place.people.scopes, holdScopes()];
    const asked = browsers.map((each) => each.ask('PUT', '/dashboard/session', { project_id: 'beta' }));
    await vi.waitFor(() => expect(place.people.scopes - before).toBe(2));
    const bob = new Browser(place.url);
    const other = bob.logIn({ user: 'bob', password: 'right', passcode: '123456' });
    await vi.waitFor(() => expect(place.people.scopes - before).toBe(3));
    release();
    expect((await Promise.all(asked)).map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    expect((await other).status).toBe(200);
    [browser.cookie, browser.csrf] = [
      browsers[0]?.cookie ?? null,
      (await browsers[0]?.ask('GET', '/dashboard/session'))?.body.csrf,
    ];
    const many: number[] = [];
    for (let n = 0; n < 30; n += 1) {
      const { status, body } = await to(n % 2 === 0 ? 'acme' : 'beta');
      browser.csrf = body.csrf ?? browser.csrf;
      many.push(status);
    }
    expect(many.filter((status) => status === 200).length).toBeLessThan(25);
    expect(many.at(-1)).toBe(429);
  });

  it('does not undo a log-out meanwhile, and its token is revoked', async () => {
    await browser.logIn();
    const [before, release] = [place.people.scopes, holdScopes()];
    const late = new Browser(place.url);
    [late.cookie, late.csrf] = [browser.cookie, browser.csrf];
    const switched = late.ask('PUT', '/dashboard/session', { project_id: 'beta' });
    await vi.waitFor(() => expect(place.people.scopes).toBe(before + 1));
    expect((await browser.ask('DELETE', '/dashboard/session')).status).toBe(204);
    release();
    expect(await switched).toMatchObject({ status: 401, body: { error: { code: 'not_logged_in' } } });
    expect((await late.ask('GET', '/dashboard/session')).status).toBe(401);
    expect(place.people.revoked).toContain('token:alice:beta');
  });

  it('leaves no token of the project before, and the session goes on', async () => {
    await browser.logIn();
    expect((await to('beta')).status).toBe(200);
    expect([...place.people.revoked]).toEqual(['token:alice:acme']);
    browser.csrf = (await browser.ask('GET', '/dashboard/session')).body.csrf;
    expect((await to('acme')).status).toBe(200);
    expect([...place.people.revoked]).toEqual(['token:alice:acme', 'token:alice:beta']);
    // Who logs in anew leaves none of the session before.
    const other = new Browser(place.url);
    await other.logIn();
    place.people.revoked.clear();
    await other.logIn();
    expect([...place.people.revoked].sort()).toEqual(['token:alice:', 'token:alice:acme']);
  });

  it('that makes room for another of the same person leaves no token', async () => {
    const logInElsewhere = async () => {
      offset += 60_000;
      expect((await new Browser(place.url).logIn()).status).toBe(200);
    };
    for (let n = 0; n < 16; n++) await logInElsewhere();
    expect([...place.people.revoked]).toEqual([]);
    await logInElsewhere();
    expect([...place.people.revoked].sort()).toEqual(['token:alice:', 'token:alice:acme']);
  });

  it('that fails in the end changes nothing, and leaves no token', async () => {
    await browser.logIn();
    place.people.blind = true;
    expect((await to('beta')).status).toBe(503);
    const other = new Browser(place.url);
    expect((await other.logIn({ user: 'bob', password: 'right', passcode: '123456' })).status).toBe(503);
    place.people.blind = false;
    expect(await browser.ask('GET', '/dashboard/session')).toMatchObject({
      status: 200,
      body: { project: { id: 'acme' } },
    });
    expect([...place.people.revoked]).toEqual(['token:alice:beta', 'token:bob:', 'token:bob:umbrella']);
  });
});

describe('a log-in', () => {
  it('has its turn until all is asked of Keystone', async () => {
    const release = holdScopes();
    const asked = Array.from({ length: 4 }, () => new Browser(place.url).logIn());
    await vi.waitFor(() => expect(place.people.scopes).toBe(2));
    // Two have a turn of one network: the others have not been asked even for their password.
    expect(place.people.attempts).toHaveLength(2);
    release();
    expect((await Promise.all(asked)).map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  });

  it('leaves a trace, as do a switch, a log-out and a refusal, and no secret of any', async () => {
    await browser.logIn({ user: 'correct horse battery', password: 'staple' });
    await browser.logIn();
    const switched = await browser.ask('PUT', '/dashboard/session', { project_id: 'beta' });
    browser.csrf = switched.body.csrf;
    await browser.ask('DELETE', '/dashboard/session');
    expect(place.logged).toMatchObject([
      {
        message: 'log-in: refused',
        result: 'login_refused',
        user: 'corr…',
        network: expect.stringContaining('127.0.0.1'),
      },
      { message: 'log-in', user_id: 'alice', project: 'acme' },
      { message: 'switch of the project', user_id: 'alice', project: 'beta' },
      { message: 'log-out', user: 'alice', project: 'beta' },
    ]);
    expect(JSON.stringify(place.logged)).not.toMatch(/horse|staple|right|token:/);
  });
});

describe('an open page', () => {
  it.each(['events', 'captures/x/stream'])('that asks for %s alone is logged out', async (path) => {
    await browser.logIn();
    for (let n = 0; n < 2; n += 1) {
      offset += 31 * 60_000;
      const abort = new AbortController();
      const headers = { cookie: browser.cookie ?? '', 'sec-fetch-site': 'same-origin' };
      const { status } = await fetch(`${place.url}/dashboard/api/v2.0/taas/${path}`, { headers, signal: abort.signal });
      abort.abort();
      if (n === 0) expect(status).not.toBe(401);
      else expect(status).toBe(401);
    }
  });

  it('is logged out whatever another site asks in its name', async () => {
    await browser.logIn();
    for (const ask of [
      () => browser.ask('GET', services, undefined, { 'sec-fetch-site': 'cross-site' }),
      () => browser.ask('POST', services, wanted, { 'x-csrf-token': '' }),
      () => browser.ask('GET', '/dashboard/session', undefined, { 'sec-fetch-site': 'cross-site' }),
    ]) {
      offset += 25 * 60_000;
      await ask();
    }
    expect((await browser.ask('GET', services)).status).toBe(401);
  });
});

it('a tap that waits for consent can be agreed to from the page', async () => {
  await browser.logIn();
  const flow = `/dashboard/api/v2.0/taas/tap_flows/${portId(9)}/approve`;
  // The API's own answer, of a tap that is not there.
  const seen = { tap_flow: { consent_to: 'a'.repeat(64) } };
  expect((await browser.ask('PUT', flow, seen)).body.NeutronError?.type).toBe('TapFlowNotFound');
  expect((await browser.ask('GET', flow)).body.error?.code).toBe('not_found');
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
