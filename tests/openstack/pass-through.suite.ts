import { describe, expect, it } from 'vitest';
import type { OpenStackLab } from './lab/openstack-lab.js';
import { type RawAnswer, type RawRequest, rawRequest } from './raw-request.js';
import type { TaasFront } from './taas-front.js';

/** What may differ between two answers to the same request: when and under which id it was answered, by what connection. */
const own = ['date', 'x-openstack-request-id', 'connection', 'keep-alive'];

function comparable({ status, reason, headers, text }: RawAnswer): object {
  const kept = Object.fromEntries(Object.entries(headers).filter(([name]) => !own.includes(name)));
  return { status, reason, text: text.replace(/req-[0-9a-f-]{36}/g, 'req'), headers: kept };
}

/** The cloud through us and Neutron by itself, asked the same. */
export function describePassThrough(cloud: () => { readonly lab: OpenStackLab; readonly front: TaasFront }): void {
  const ask = async (wanted: Omit<RawRequest, 'headers'> & { headers?: Record<string, string> }) => {
    const { lab, front } = cloud();
    const token = await lab.token('alice');
    const headers = { host: 'cloud.example:9696', 'x-auth-token': token, ...wanted.headers };
    const through = await rawRequest(front.url, { ...wanted, headers });
    const direct = await rawRequest(lab.neutronUrl, { ...wanted, headers });
    return { through, direct };
  };

  describe('what is not TaaS', () => {
    it.each([
      ['GET', '/'],
      ['GET', '/v2.0'],
      ['GET', '/v2.0/ports?limit=2&sort_key=name&sort_dir=asc'],
      ['GET', '/v2.0/networks?fields=name&name=acme-net1&name=acme-net2'],
      ['GET', '/v2.0//%70orts.json?name=acme-port1'],
      ['GET', '/v2.0/ports/00000000-0000-4000-8000-000000000000'],
      ['GET', '/v2.0/extensions/quotas'],
      ['GET', '/v2.0/extensions/bogus'],
      ['GET', '/v2.0/nothing'],
      ['GET', '/v3'],
      ['HEAD', '/v2.0/networks'],
      ['PATCH', '/v2.0/networks/x'],
      ['DELETE', '/v2.0/networks/00000000-0000-4000-8000-000000000000'],
    ])('%s %s is answered by Neutron, byte for byte', async (method, path) => {
      const { through, direct } = await ask({ method, path });
      expect(comparable(through)).toEqual(comparable(direct));
      expect(through.headers['x-openstack-request-id'] === undefined).toBe(
        direct.headers['x-openstack-request-id'] === undefined,
      );
    });

    it('has links to where the client came from', async () => {
      const { through } = await ask({
        method: 'GET',
        path: '/v2.0/ports?limit=1',
        headers: { 'x-forwarded-proto': 'https' },
      });
      expect(JSON.parse(through.text).ports_links[0].href).toMatch(/^https:\/\/cloud\.example:9696\/v2\.0\/ports\?/);
    });

    it('is told to whoever has no token', async () => {
      const { through, direct } = await ask({
        method: 'GET',
        path: '/v2.0/ports',
        headers: { 'x-auth-token': 'none' },
      });
      expect(comparable(through)).toEqual(comparable(direct));
      expect(through.status).toBe(401);
    });

    it('is created from a chunked body, which Neutron itself does not read', async () => {
      const body = ['{"network": {"name"', ': "chunked"}}'];
      const { through, direct } = await ask({ method: 'POST', path: '/v2.0/networks', body });
      expect([through.status, direct.status]).toEqual([201, 400]);
      const { id } = JSON.parse(through.text).network as { id: string };
      const deleted = await ask({ method: 'DELETE', path: `/v2.0/networks/${id}` });
      expect([deleted.through.status, deleted.direct.status]).toEqual([204, 404]);
    });

    it('is answered in kind when the client closes its connection', async () => {
      const { through } = await ask({ method: 'GET', path: '/v2.0/ports?limit=1', headers: { connection: 'close' } });
      expect([through.status, through.headers.connection]).toEqual([200, 'close']);
    });
  });
}
