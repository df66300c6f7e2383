import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '@taas/lab';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { OpenStackLab } from './lab/openstack-lab.js';
import { mustRest, rest } from './lab/rest.js';
import { ServiceProcess } from './lab/service-process.js';
import { rawRequest } from './raw-request.js';
import type { TaasFront } from './taas-front.js';

interface Cloud {
  readonly lab: OpenStackLab;
  readonly front: TaasFront;
}

/** Host and port of each part, as the page names them. */
interface Addresses {
  readonly listen: string;
  readonly taas: string;
  readonly health: string;
  readonly neutron: string;
}

/** The configuration of the how-to, word for word but for the addresses. */
function configuration({ listen, taas, health, neutron }: Addresses): string {
  const page = readFileSync(new URL('../../docs/how-to/haproxy.md', import.meta.url), 'utf8');
  const given = /```haproxy\n([\s\S]*?)```/.exec(page)?.[1] ?? '';
  const placed = given
    .replaceAll('127.0.0.1:9700', listen)
    .replaceAll('127.0.0.1:9697 check port 9698', `${taas} check port ${portOf(health)}`)
    .replaceAll('127.0.0.1:9696', neutron);
  expect(placed.match(/\b969[678]\b|\b9700\b/g) ?? []).toEqual(['9696']); // in the comment with TLS
  return placed;
}

const portOf = (address: string): string => address.slice(address.lastIndexOf(':') + 1);

async function startHaproxy(directory: string, addresses: Addresses): Promise<ServiceProcess> {
  mkdirSync(directory);
  const file = join(directory, 'haproxy.cfg');
  writeFileSync(file, configuration(addresses));
  const haproxy = new ServiceProcess({
    ...{ name: 'haproxy', command: 'haproxy', args: ['-db', '-f', file], cwd: directory, env: process.env },
    ...{ logFile: join(directory, 'haproxy.log'), readyUrl: `http://${addresses.listen}/`, readyStatus: [200] },
  });
  await haproxy.start();
  return haproxy;
}

/** HAProxy with the configuration of docs/how-to/haproxy.md between the clients, Neutron and us. */
export function describeHaproxy(cloud: () => Cloud): void {
  const started: ServiceProcess[] = [];
  const start = async (name: string, taas: Pick<Addresses, 'taas' | 'health'>): Promise<string> => {
    const { lab } = cloud();
    const listen = `127.0.0.1:${await freePort()}`;
    const neutron = new URL(lab.neutronUrl).host;
    started.push(await startHaproxy(join(lab.directory, name), { listen, neutron, ...taas }));
    return `http://${listen}`;
  };
  afterAll(async () => {
    for (const each of started) await each.stop();
  });

  describe('HAProxy, configured as the how-to has it', () => {
    let url: string;
    let token: string;
    beforeAll(async () => {
      const { lab, front } = cloud();
      url = await start('haproxy', { taas: new URL(front.url).host, health: new URL(front.healthUrl).host });
      token = await lab.token('alice');
    });

    it('brings every spelling of a TaaS path to us', async () => {
      const paths = ['/v2.0/taas/tap_services', '/v2.0//taas/tap%5fservices', '/v2.0/taas/tap-services.json'];
      for (const path of paths) {
        const answer = await rawRequest(url, { method: 'GET', path, headers: { 'x-auth-token': token } });
        expect([path, answer.status, Object.keys(JSON.parse(answer.text))]).toEqual([path, 200, ['tap_services']]);
      }
      expect((await rest('GET', `${url}/v2.0/taas/tap_services`)).status).toBe(401);
    });

    it("shows our extensions among Neutron's", async () => {
      const { body } = await mustRest('GET', `${url}/v2.0/extensions`, token);
      const aliases = body.extensions.map(({ alias }: { alias: string }) => alias);
      expect(aliases).toEqual(expect.arrayContaining(['quotas', 'taas', 'tap-mirror']));
    });

    it('brings what is not TaaS to Neutron, chunked bodies through us', async () => {
      const { lab } = cloud();
      const names = async (base: string) => (await mustRest('GET', `${base}/v2.0/networks?fields=name`, token)).body;
      expect(await names(url)).toEqual(await names(lab.neutronUrl));
      const body = ['{"network": {"name"', ': "chunked by haproxy"}}'];
      const headers = { 'x-auth-token': token, 'content-type': 'application/json' };
      expect((await rawRequest(url, { method: 'POST', path: '/v2.0/networks', headers, body })).status).toBe(201);
    });

    it('has the taps of a port go before the 204 of its DELETE', async () => {
      const port = await makePort(url, token);
      const tap_service = { port_id: port };
      const made = await mustRest('POST', `${url}/v2.0/taas/tap_services`, token, { tap_service });
      expect((await rest('DELETE', `${url}/v2.0/ports/${port}`, token)).status).toBe(204);
      const { status } = await rest('GET', `${url}/v2.0/taas/tap_services/${made.body.tap_service.id}`, token);
      expect(status).toBe(404);
    });
  });

  describe('HAProxy when no taas-server is there', () => {
    it('says 503 of taps in the words that clients know, and the cloud goes on', async () => {
      const token = await cloud().lab.token('alice');
      const url = await start('haproxy-alone', {
        taas: `127.0.0.1:${await freePort()}`,
        health: `127.0.0.1:${await freePort()}`,
      });
      await vi.waitFor(
        async () => {
          const answer = await rest('GET', `${url}/v2.0/taas/tap_flows`, token);
          expect(answer.body?.NeutronError).toMatchObject({ type: 'ServiceUnavailable' });
          expect(answer.status).toBe(503);
          expect(answer.headers.get('x-openstack-request-id')).toMatch(/^req-[0-9a-f-]{36}$/);
          // Each of HAProxy's backends finds out for itself who is there.
          expect((await rest('GET', `${url}/v2.0/extensions`, token)).status).toBe(200);
        },
        { timeout: 60_000, interval: 200 },
      );
      expect((await rest('GET', `${url}/v2.0/networks`, token)).status).toBe(200);
      const port = await makePort(url, token);
      expect((await rest('DELETE', `${url}/v2.0/ports/${port}`, token)).status).toBe(204);
    });
  });

  async function makePort(url: string, token: string): Promise<string> {
    const { lab } = cloud();
    const port = { network_id: lab.networks.networks['acme-net1'], name: 'behind haproxy' };
    return (await mustRest('POST', `${url}/v2.0/ports`, token, { port })).body.port.id;
  }
}
