import { request } from 'node:http';
import { type Clock, systemClock } from '@taas/service';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { usualLoginLimits } from './login-guard.js';
import { SsoStates, stateMs } from './sso-state.js';
import { Browser, openPlace, type Place } from './visitor.suite.js';
import { ssoUrl } from './websso.js';

const keystone = 'https://keystone.example.com:5000';
const options = {
  keystone_url: `${keystone}/v3`,
  origin: 'https://taas.example.com:9696/dashboard/websso',
  choices: [
    { label: 'Single sign-on', protocol: 'openid' },
    { label: 'ACME', protocol: 'saml2', identity_provider: 'acme' },
  ],
};

let offset = 0;
const clock: Clock = {
  ...systemClock,
  now: () => systemClock.now() + offset,
  monotonic: () => systemClock.monotonic() + offset,
};
let place: Place;
let browser: Browser;

beforeEach(async () => {
  offset = 0;
  place = await openPlace(clock, usualLoginLimits, options);
  browser = new Browser(place.url);
});
afterEach(() => place.stop());

/** Begins at our page. @returns the cookie for what comes back */
async function begun(choice = 0): Promise<string> {
  const answer = await browser.ask('PUT', '/dashboard/websso', { choice });
  expect(answer.status).toBe(200);
  const set = answer.headers.get('set-cookie') ?? '';
  expect(set).toMatch(
    /^__Host-taas-sso=\d+\.[\w-]{22}\.[\w-]{43}; Path=\/; Secure; HttpOnly; SameSite=None; Max-Age=600$/,
  );
  return set.split(';')[0] ?? '';
}

/** What a browser sends when Keystone's page submits its form. */
const fromKeystone = {
  ...{ origin: keystone, 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' },
  'content-type': 'application/x-www-form-urlencoded',
};
/** Not by fetch, which says of itself that it is no page. */
function posted(url: string, body: string, headers: Readonly<Record<string, string>>) {
  return new Promise<{ status: number; to: string | undefined; cookies: readonly string[] }>((resolve, reject) => {
    const asked = request(`${url}/dashboard/websso`, { method: 'POST', headers }, (response) => {
      response.resume();
      const { statusCode: status = 0, headers: given } = response;
      response.once('end', () => resolve({ status, to: given.location, cookies: given['set-cookie'] ?? [] }));
    });
    asked.once('error', reject);
    asked.end(body);
  });
}
const sent = (cookie: string, token = 'token:alice:', headers: Readonly<Record<string, string>> = {}) =>
  posted(place.url, new URLSearchParams({ token }).toString(), { ...fromKeystone, cookie, ...headers });
const sessionIn = (cookies: readonly string[]) => cookies.find((each) => each.startsWith('__Host-taas='));

describe('single sign-on', () => {
  it('leads to Keystone, and with the token that comes back into the first project', async () => {
    expect((await browser.ask('GET', '/dashboard/websso')).body).toEqual({ choices: ['Single sign-on', 'ACME'] });
    const answer = await sent(await begun());
    expect(answer).toMatchObject({ status: 303, to: '/dashboard/' });
    const session = sessionIn(answer.cookies) ?? '';
    expect(session).toMatch(/; Path=\/; Secure; HttpOnly; SameSite=Strict$/);
    // It is used up.
    expect(answer.cookies).toContainEqual(expect.stringMatching(/^__Host-taas-sso=; .*Max-Age=0$/));
    browser.cookie = session.split(';')[0] ?? '';
    const { body } = await browser.ask('GET', '/dashboard/session');
    expect(body).toMatchObject({ user: { name: 'alice' }, project: { id: 'acme' }, projects: [{}, { id: 'beta' }] });
    browser.csrf = body.csrf;
    expect((await browser.ask('PUT', '/dashboard/session', { project_id: 'beta' })).body.project.id).toBe('beta');
    expect(JSON.stringify(place.logged)).not.toContain('token:alice');
  });

  it.each([
    ['to the protocol', 0, `${keystone}/v3/auth/OS-FEDERATION/websso/openid`],
    ['to the provider', 1, `${keystone}/v3/auth/OS-FEDERATION/identity_providers/acme/protocols/saml2/websso`],
  ])('leads %s', async (_, choice, path) => {
    const { body } = await browser.ask('PUT', '/dashboard/websso', { choice });
    expect(body.location).toBe(`${path}?origin=${encodeURIComponent(options.origin)}`);
    expect(new URL(body.location).searchParams.get('origin')).toBe(options.origin);
  });

  it('has nothing in a name that would lead elsewhere', () => {
    const url = ssoUrl(options, { label: '', protocol: '../x?y#z', identity_provider: 'a/b' });
    expect(new URL(url).pathname).toBe(
      '/v3/auth/OS-FEDERATION/identity_providers/a%2Fb/protocols/..%2Fx%3Fy%23z/websso',
    );
  });

  it('ends the session that the browser was in before', async () => {
    await browser.logIn();
    const before = browser.cookie;
    const answer = await sent(`${await begun()}; ${before}`);
    expect(answer.to).toBe('/dashboard/');
    browser.cookie = before;
    expect((await browser.ask('GET', '/dashboard/session')).status).toBe(401);
  });

  it('is told what Keystone says of the token, and leaves none', async () => {
    expect(await sent(await begun(), 'token:nobody:')).toMatchObject({ status: 303, to: '/dashboard/?sso=no_project' });
    expect([...place.people.revoked]).toEqual(['token:nobody:']);
    place.people.blind = true;
    expect((await sent(await begun())).to).toBe('/dashboard/?sso=unavailable');
    expect([...place.people.revoked].sort()).toEqual(['token:alice:', 'token:alice:acme', 'token:nobody:']);
  });

  it('is not there where no way is configured', async () => {
    const other = await openPlace(clock);
    const visitor = new Browser(other.url);
    expect((await visitor.ask('GET', '/dashboard/websso')).body).toEqual({ choices: [] });
    expect((await visitor.ask('PUT', '/dashboard/websso', { choice: 0 })).status).toBe(405);
    const cookie = await begun();
    const { to } = await posted(other.url, 'token=token:alice:', { ...fromKeystone, cookie });
    expect(to).toBe('/dashboard/?sso=not_found');
    await other.stop();
  });
});

describe('who would log somebody in as themselves', () => {
  it.each<[string, Readonly<Record<string, string>>]>([
    ['from a page of their own', { origin: 'https://evil.example' }],
    ['from a page that hides whose it is', { origin: 'null' }],
    ['from Keystone’s host by another port', { origin: 'https://keystone.example.com' }],
    ['in the clear', { origin: 'http://keystone.example.com:5000' }],
    ['from a page of the dashboard’s host', { origin: 'https://taas.example.com:9696' }],
    ['in a frame', { 'sec-fetch-dest': 'iframe' }],
    ['by a script', { 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' }],
    ['without its having been begun here', { cookie: '' }],
    [
      'with a cookie that somebody has made',
      { cookie: `__Host-taas-sso=9999999999999.${'a'.repeat(22)}.${'a'.repeat(43)}` },
    ],
  ])('cannot do so %s', async (_, headers) => {
    const answer = await sent(await begun(), 'token:bob:', headers);
    expect(answer).toMatchObject({ status: 303, to: '/dashboard/?sso=not_from_here' });
    expect(sessionIn(answer.cookies)).toBeUndefined();
    // What nobody has begun is not asked of Keystone, and not revoked there either.
    expect([place.people.scopes, place.people.revoked.size]).toEqual([0, 0]);
  });

  it('cannot do so without a word of where it comes from', async () => {
    const { origin: _, ...silent } = fromKeystone;
    const { to } = await posted(place.url, 'token=token:bob:', { ...silent, cookie: await begun() });
    expect(to).toBe('/dashboard/?sso=not_from_here');
  });

  it('cannot begin it in somebody’s name, from another site or by a form', async () => {
    for (const headers of [
      { 'sec-fetch-site': 'cross-site' },
      { origin: 'https://evil.example' },
      { 'content-type': 'text/plain' },
    ]) {
      const answer = await browser.ask('PUT', '/dashboard/websso', { choice: 0 }, headers);
      expect([answer.status, answer.headers.get('set-cookie')]).toEqual([403, null]);
    }
  });

  it('has ten minutes at most, and no other server’s cookie', async () => {
    const cookie = await begun();
    offset = stateMs + 1;
    expect((await sent(cookie)).to).toBe('/dashboard/?sso=not_from_here');
    const [one, two] = [new SsoStates(clock), new SsoStates(clock)];
    const ours = one.begin().split(';')[0] ?? '';
    expect([one.isBegun(ours), two.isBegun(ours), one.isBegun(`${ours}; ${ours}`)]).toEqual([true, false, false]);
  });

  it.each(['two=tokens&token=a&token=b', 'nothing=1', 'token=', `token=${'x'.repeat(9_000)}`, 'token=two%20words'])(
    'is refused what is no token: %.30s',
    async (body) => {
      const { to } = await posted(place.url, body, { ...fromKeystone, cookie: await begun() });
      expect(to).toBe('/dashboard/?sso=bad_request');
    },
  );

  it('is held up before Keystone is asked', async () => {
    const cookie = await begun();
    const answers: (string | undefined)[] = [];
    for (let n = 0; n < 40; n++) answers.push((await sent(cookie, `token:x${n}:`)).to);
    expect(answers.filter((to) => to === '/dashboard/?sso=no_project').length).toBeLessThan(35);
    expect(answers.at(-1)).toBe('/dashboard/?sso=too_many_logins');
  });

  it.each([{ choice: 2 }, { choice: -1 }, { choice: '0' }, {}, null])('chooses what there is: %o', async (body) =>
    expect((await browser.ask('PUT', '/dashboard/websso', body)).status).toBe(400),
  );
});
