import { describe, expect, it } from 'vitest';
import type { HttpRequest } from '../host/http.js';
import { type Answering, RecordingHost, type Surroundings, sendTo, taas } from '../testing/recording-host.suite.js';
import { cloudConfig } from './cloud-config.js';
import { Secrets } from './secrets.js';

const secret = 'hunter2-"quoted" & more';
const token = 'gAAAA-the-token';
const inOneHour = () => new Date(Date.now() + 3_600_000).toISOString();

const endpoints = [
  { interface: 'internal', region: 'one', url: 'https://internal.example:9696/' },
  { interface: 'public', region: 'one', url: 'https://one.example/network/v2.0/' },
  { interface: 'public', region: 'two', url: 'https://two.example:9696' },
];
const keystone: Answering = ({ path, method }) =>
  path === '/v3/auth/tokens' && method === 'POST'
    ? {
        ...{ status: 201, headers: { 'x-subject-token': token } },
        json: { token: { expires_at: inOneHour(), project: { id: 'p1' }, catalog: [{ type: 'network', endpoints }] } },
      }
    : undefined;
const cloud: Answering = (request) =>
  keystone(request) ??
  (request.path.includes('/v2.0/taas/') ? { json: { tap_services: [], tap_flows: [], tap_mirrors: [] } } : undefined);

const byPassword = {
  OS_AUTH_URL: 'https://keystone.example',
  OS_USERNAME: 'alice',
  OS_PASSWORD: secret,
  OS_PROJECT_NAME: 'acme',
  OS_USER_DOMAIN_NAME: 'Users',
  OS_PROJECT_DOMAIN_ID: 'd1',
};

async function listing(around: Surroundings, ...words: string[]) {
  const seen: HttpRequest[] = [];
  const ran = await taas({ send: sendTo(cloud, seen), ...around }, 'list', 'services', ...words);
  const login = seen.find(({ method }) => method === 'POST');
  const asked = seen.find(({ url }) => url.includes('/taas/'));
  return { ...ran, seen, login: JSON.parse(login?.body ?? 'null'), asked };
}

describe('credentials', () => {
  it('of OS_ variables: a password, with the domains of user and project', async () => {
    const { code, login, asked } = await listing({ env: byPassword });
    expect(code).toBe(0);
    expect(login.auth).toEqual({
      identity: {
        methods: ['password'],
        password: { user: { name: 'alice', domain: { name: 'Users' }, password: secret } },
      },
      scope: { project: { name: 'acme', domain: { id: 'd1' } } },
    });
    expect(asked?.headers?.['x-auth-token']).toBe(token);
    expect(asked?.url).toBe('https://one.example/network/v2.0/taas/tap_services');
  });

  it('of an application credential carry no scope', async () => {
    const env = {
      OS_AUTH_URL: 'https://keystone.example/v3/',
      OS_AUTH_TYPE: 'v3applicationcredential',
      OS_APPLICATION_CREDENTIAL_ID: 'ac',
      OS_APPLICATION_CREDENTIAL_SECRET: secret,
      OS_PROJECT_ID: 'left over',
    };
    expect((await listing({ env })).login.auth).toEqual({
      identity: { methods: ['application_credential'], application_credential: { id: 'ac', secret } },
    });
  });

  it('of a token are exchanged for a scoped one', async () => {
    const env = { OS_AUTH_URL: 'https://keystone.example', OS_TOKEN: 'old', OS_PROJECT_ID: 'p1' };
    expect((await listing({ env })).login.auth).toEqual({
      identity: { methods: ['token'], token: { id: 'old' } },
      scope: { project: { id: 'p1' } },
    });
  });

  it('that are missing are named', async () => {
    const { OS_PASSWORD: _, ...without } = byPassword;
    expect(await listing({ env: without })).toMatchObject({
      code: 5,
      err: 'taas: the environment says no password\n',
    });
    expect((await listing({ env: {} })).code).toBe(5);
  });

  it('of a kind that the command cannot do are refused', async () => {
    const { code, err } = await listing({ env: { ...byPassword, OS_AUTH_TYPE: 'v3oidcpassword' } });
    expect(code).toBe(64);
    expect(err).toContain('cannot do auth_type v3oidcpassword');
  });
});

describe('clouds.yaml', () => {
  const clouds = `
clouds:
  one: &one
    auth: {auth_url: https://keystone.example, username: alice, project_name: acme}
    region_name: one
  two:
    <<: *one
    region_name: two
  side: {auth: {auth_url: https://keystone.example, user_id: u, password: 1234, project_id: p}, interface: internalURL}
  override:
    auth: {auth_url: https://keystone.example, username: alice, password: x}
    network_endpoint_override: https://own.example/v2.0
`;
  const files = () =>
    new Map([
      ['/home/alice/.config/openstack/clouds.yaml', clouds],
      ['/home/alice/.config/openstack/secure.yaml', `clouds: {one: {auth: {password: '${secret}'}}}`],
    ]);

  it.each([
    ['one', 'https://one.example/network/v2.0/taas/tap_services'],
    ['side', 'https://internal.example:9696/v2.0/taas/tap_services'],
    ['override', 'https://own.example/v2.0/taas/tap_services'],
  ])('names cloud %s', async (name, url) => {
    const { code, asked, err } = await listing({ files: files() }, '--os-cloud', name);
    expect({ code, err, url: asked?.url }).toEqual({ code: 0, err: '', url });
  });

  it('has its passwords from secure.yaml, and numbers as texts', async () => {
    const one = await listing({ files: files(), env: { OS_CLOUD: 'one' } });
    expect(one.login.auth.identity.password.user.password).toBe(secret);
    const side = await listing({ files: files(), env: { OS_CLOUD: 'side' } });
    expect(side.login.auth.identity.password.user).toEqual({ id: 'u', password: '1234' });
  });

  it('takes merge keys, and OS_ variables over its regions', async () => {
    const { err } = await listing({ files: files() }, '--os-cloud', 'two');
    expect(err).toBe('taas: cloud two says no password\n');
    const env = { OS_CLOUD: 'one', OS_REGION_NAME: 'two' };
    expect((await listing({ files: files(), env })).asked?.url).toContain('https://two.example:9696/');
  });

  it('of OS_CLIENT_CONFIG_FILE comes first, and must be there', async () => {
    const own = new Map([
      ['/own.yaml', clouds.replace('https://own.example/v2.0', 'https://other.example')],
      ...files(),
    ]);
    const env = { OS_CLIENT_CONFIG_FILE: '/own.yaml', OS_CLOUD: 'override' };
    expect((await listing({ files: own, env })).asked?.url).toContain('https://other.example/');
    expect((await listing({ env })).err).toContain('names /own.yaml, which does not exist');
  });

  it('lists its clouds where the caller has named none, or another', async () => {
    const nothing = await listing({ files: files() });
    expect(nothing).toMatchObject({ code: 5 });
    expect(nothing.err).toContain('has: one, two, side, override');
    expect((await listing({ files: files() }, '--os-cloud', 'three')).err).toContain('has no cloud "three"');
  });

  it('that is broken is told by its line, and never by its content', async () => {
    const broken = new Map([['/here/clouds.yaml', `clouds:\n  a: {auth: {password: "${'hunter2'}\n`]]);
    const { code, err } = await listing({ files: broken });
    expect(code).toBe(64);
    expect(err).toMatch(/clouds\.yaml is no YAML: see line \d/);
    expect(err).not.toContain('hunter2');
  });
});

describe('secrets', () => {
  const spellings = [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret), token];

  it.each<[string, Answering]>([
    ['Keystone says no', () => ({ status: 401, body: secret })],
    ['nobody answers', () => undefined],
    ['Keystone answers nonsense', () => ({ status: 200, body: secret })],
    [
      'the API gives them back',
      (request) =>
        keystone(request) ?? { status: 400, json: { NeutronError: { type: 'X', message: `${token} ${secret}` } } },
    ],
    ['the API answers what is no JSON', (request) => keystone(request) ?? { status: 200, body: token }],
    [
      'the transport has them in its error',
      (request) => {
        if (request.method === 'GET') throw new Error(`${token} ${JSON.stringify(secret)} ${request.body}`);
        return keystone(request);
      },
    ],
  ])('are in no message when %s', async (_, answering) => {
    const ran = await taas({ env: byPassword, send: sendTo(answering) }, '--debug', 'list');
    expect(ran.code).not.toBe(0);
    expect(ran.err).not.toBe('');
    for (const each of spellings) expect(ran.err + ran.out).not.toContain(each);
  });

  it('are in no line of --debug', async () => {
    const ran = await taas({ env: byPassword, send: sendTo(cloud) }, '--debug', 'list');
    expect(ran.err).toContain('debug: GET https://one.example/network/v2.0/taas/tap_flows: 200 in');
    for (const each of spellings) expect(ran.err).not.toContain(each);
  });
});

describe('certificates', () => {
  it('are checked, unless the caller says otherwise, who is warned each time', async () => {
    const usual = await listing({ env: byPassword });
    expect(usual.asked?.trust).toEqual({});
    expect(usual.err).toBe('');
    const { asked, err } = await listing({ env: { ...byPassword, OS_INSECURE: 'true' } });
    expect(asked?.trust).toEqual({ insecure: true });
    expect(err).toContain('WARNING: certificates are not checked');
    expect((await listing({ env: byPassword }, '--insecure')).err).toContain('WARNING: certificates');
  });

  it('of authorities come from a file that must be there', async () => {
    const env = { ...byPassword, OS_CACERT: '~/ca.pem' };
    const files = new Map([['/home/alice/ca.pem', 'PEM']]);
    expect((await listing({ env, files })).asked?.trust).toEqual({ ca: 'PEM' });
    expect((await listing({ env })).err).toContain('~/ca.pem does not exist');
  });

  it('a token in the clear is warned of', async () => {
    const env = { ...byPassword, OS_NETWORK_ENDPOINT_OVERRIDE: 'http://far.example' };
    expect((await listing({ env })).err).toContain('http://far.example is not https');
    const near = { ...byPassword, OS_NETWORK_ENDPOINT_OVERRIDE: 'http://127.0.0.1:9696' };
    expect((await listing({ env: near })).err).toBe('');
  });
});

it('a password in the clear is warned of, and nothing on this machine', async () => {
  const env = { ...byPassword, OS_AUTH_URL: 'http://keystone.example:5000/v3' };
  const { err, login } = await listing({ env });
  expect(login.auth.identity.password.user.password).toBe(secret);
  expect(err).toBe('WARNING: http://keystone.example:5000 is not https: your password can be read on the way\n');
  const near = { ...byPassword, OS_AUTH_URL: 'http://127.0.0.1:5000/v3' };
  expect((await listing({ env: near })).err).toBe('');
});

describe('the token cache', () => {
  const env = { ...byPassword, TAAS_TOKEN_CACHE: '1' };
  const logins = (seen: readonly HttpRequest[]) => seen.filter(({ method }) => method === 'POST').length;

  it('spares a login, where the user wants it', async () => {
    const files = new Map<string, string>();
    expect(logins((await listing({ env, files })).seen)).toBe(1);
    expect(logins((await listing({ env, files })).seen)).toBe(0);
    expect([...files.keys()]).toEqual([expect.stringMatching(/^\/home\/alice\/\.cache\/taas\/[0-9a-f]{32}\.json$/)]);
    expect([...files.values()].join()).not.toContain('hunter2');
    expect(logins((await listing({ env: { ...env, OS_USERNAME: 'bob' }, files })).seen)).toBe(1);
    expect(logins((await listing({ env: byPassword, files })).seen)).toBe(1);
  });

  it('gives way to a new login when its token is not taken any more', async () => {
    const files = new Map<string, string>();
    await listing({ env, files });
    for (const [path, text] of files) files.set(path, text.replace(token, 'revoked'));
    const answering: Answering = (request) =>
      request.headers?.['x-auth-token'] === 'revoked' ? { status: 401 } : cloud(request);
    const { code, seen } = await listing({ env, files, send: sendTo(answering) });
    expect(code).toBe(0);
    expect(seen).toEqual([]);
    expect([...files.values()].join()).toContain(token);
  });
});

it('a password that another one begins with is concealed whole', () => {
  const secrets = new Secrets();
  secrets.add('ab', 'abc');
  expect(secrets.conceal('abc ab')).toBe('*** ***');
});

it('a cloud of the environment needs no file', () => {
  const host = new RecordingHost({ env: byPassword });
  expect(cloudConfig(host, {}, new Secrets())).toMatchObject({ from: 'the environment', interface: 'public' });
});
