import { describe, expect, it } from 'vitest';
import type { OpenStackLab } from './lab/openstack-lab.js';
import { mustRest, rest } from './lab/rest.js';
import type { TaasFront } from './taas-front.js';

/** Tokens of every kind that a real Keystone issues. */
export function describeTokens(cloud: () => { readonly lab: OpenStackLab; readonly front: TaasFront }): void {
  const login = async (auth: object): Promise<string> => {
    const answer = await mustRest('POST', `${cloud().lab.keystoneUrl}/auth/tokens`, undefined, { auth });
    return answer.headers.get('x-subject-token') ?? 'no token';
  };
  const byPassword = (name: string) => ({
    methods: ['password'],
    password: { user: { name, domain: { id: 'default' }, password: cloud().lab.password } },
  });
  const services = async (token: string, method = 'GET', body?: object) =>
    rest(method, `${cloud().front.url}/v2.0/taas/tap_services`, token, body);
  const credential = async (more: object): Promise<string> => {
    const { lab } = cloud();
    const url = `${lab.keystoneUrl}/users/${lab.identity.users['alice']}/application_credentials`;
    const { body } = await mustRest('POST', url, await lab.token('alice'), { application_credential: more });
    const { id, secret } = body.application_credential as { id: string; secret: string };
    return login({ identity: { methods: ['application_credential'], application_credential: { id, secret } } });
  };
  const wanted = () => ({ tap_service: { name: 'by credential', port_id: cloud().lab.networks.ports['acme-port8'] } });

  describe('tokens', () => {
    it('of an application credential are as good as their user', async () => {
      const token = await credential({ name: 'all' });
      const made = await services(token, 'POST', wanted());
      expect(made.status).toBe(201);
      const one = `${cloud().front.url}/v2.0/taas/tap_services/${made.body.tap_service.id}`;
      expect((await rest('DELETE', one, token)).status).toBe(204);
    });

    it('of an application credential with access rules are good for what those allow', async () => {
      const rule = { service: 'network', method: 'GET', path: '/v2.0/taas/tap_services' };
      const token = await credential({ name: 'reads', access_rules: [rule] });
      expect((await services(token)).status).toBe(200);
      expect((await services(token, 'POST', wanted())).status).toBe(401);
    });

    it('without a scope show nothing and make nothing', async () => {
      const token = await login({ identity: byPassword('alice') });
      const listed = await services(token);
      expect(listed.status === 200 ? listed.body.tap_services : []).toEqual([]);
      const made = await services(token, 'POST', wanted());
      expect(made.status).toBeGreaterThanOrEqual(400);
      expect(made.status).toBeLessThan(500);
    });

    it('of the system scope are no keys to the projects', async () => {
      const token = await login({ identity: byPassword('admin'), scope: { system: { all: true } } });
      const made = await services(token, 'POST', wanted());
      expect(made.status).toBeGreaterThanOrEqual(400);
      expect(made.status).toBeLessThan(500);
    });

    it('that Keystone never issued are refused', async () => {
      expect((await services('gAAAAABnothing')).status).toBe(401);
      expect((await services('x'.repeat(4_000))).status).toBe(401);
    });
  });
}
