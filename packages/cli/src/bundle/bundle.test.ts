import { spawnSync } from 'node:child_process';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { main } from '../main.js';
import { type Answering, RecordingHost, sendTo } from '../testing/recording-host.suite.js';
import { sleepingClock } from '../testing/sleeping-clock.suite.js';
import { tarGz } from './tar.js';
import { withoutSecrets } from './without-secrets.js';

const secrets = { password: 's3cret-"pass"word', token: 'gAAAA-the-token', leaked: 'other-cloud-password' };
const env = {
  ...{
    OS_AUTH_URL: 'https://keystone.example',
    OS_USERNAME: 'alice',
    OS_PASSWORD: secrets.password,
    OS_PROJECT_ID: 'p1',
  },
  // Of no use to the cloud that is asked, and no less of a secret.
  ...{ OS_APPLICATION_CREDENTIAL_SECRET_OTHER: secrets.leaked, OS_PROXY: `http://u:${secrets.leaked}@proxy.example` },
  UNRELATED_PASSWORD: secrets.leaked,
};
const endpoints = [{ interface: 'public', region: 'r', url: 'https://net.example' }];
const cloud: Answering = ({ path, method }) => {
  if (method === 'POST')
    return {
      ...{ status: 201, headers: { 'x-subject-token': secrets.token } },
      json: { token: { expires_at: '2100-01-01T00:00:00Z', catalog: [{ type: 'network', endpoints }] } },
    };
  // Somebody has put their password into a description, and a server gives the token back.
  if (path === '/v2.0/taas/tap_flows')
    return {
      json: { tap_flows: [{ id: '00000000-0000-4000-8000-000000000001', description: `use ${secrets.password}` }] },
    };
  if (path === '/v2.0/extensions') return { json: { extensions: [{ alias: 'taas', description: secrets.token }] } };
  if (path.startsWith('/v2.0/taas/')) return { json: { tap_services: [], tap_mirrors: [], tapped_ports: [] } };
  return { status: 404, json: {} };
};

async function bundled(answering: Answering) {
  const host = new RecordingHost({ env, send: sendTo(answering), clock: sleepingClock() });
  const code = await main(host, ['bundle', '--output', '/here/b.tar.gz', '--server-health', 'http://s:9698']);
  return { code, archive: host.written.get('/here/b.tar.gz') as Uint8Array, out: host.out };
}

describe('a bundle', () => {
  it('has no secret in it, wherever one stood', async () => {
    const { code, archive, out } = await bundled(cloud);
    expect({ code, out }).toEqual({ code: 0, out: '/here/b.tar.gz\n' });
    const text = gunzipSync(archive).toString('utf8');
    for (const secret of Object.values(secrets)) {
      expect(text).not.toContain(secret);
      expect(text).not.toContain(JSON.stringify(secret).slice(1, -1));
    }
    expect(text).toContain('alice');
    expect(text).toContain('TAAS-D002');
  });

  it('is an archive that tar reads', async () => {
    const { archive } = await bundled(cloud);
    const { stdout, status } = spawnSync('tar', ['-tzf', '-'], { input: archive, encoding: 'utf8' });
    expect(status).toBe(0);
    const names = [
      'client',
      'services',
      'flows',
      'mirrors',
      'extensions',
      'versions',
      'tapped-ports',
      'doctor',
      'programs',
    ];
    for (const name of names) expect(stdout.split('\n')).toContain(`taas-bundle/${name}.json`);
    const one = spawnSync('tar', ['-xzOf', '-', 'taas-bundle/flows.json'], { input: archive, encoding: 'utf8' });
    expect(JSON.parse(one.stdout)).toMatchObject([{ id: '00000000-0000-4000-8000-000000000001' }]);
  });

  it('is made of a cloud that answers nothing, too', async () => {
    const { code, archive } = await bundled(() => undefined);
    expect(code).toBe(0);
    expect(gunzipSync(archive).toString('utf8')).toContain('keystone.example does not answer: ECONNREFUSED');
  });
});

it('settings lose what is named like a secret, however deep', () => {
  const given = {
    auth: { password: 'x', application_credential_secret: 'y', application_credential_id: 'id', token: 'z' },
    list: [{ passcode: 1 }],
  };
  expect(withoutSecrets(given)).toEqual({
    auth: { password: '***', application_credential_secret: '***', application_credential_id: 'id', token: '***' },
    list: [{ passcode: '***' }],
  });
});

it('a path too long for an archive is refused', async () => {
  await expect(tarGz(new Map([['x'.repeat(101), '']]), 0)).rejects.toThrow(RangeError);
});
