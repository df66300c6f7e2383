import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '@taas/lab';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { chromiumPath, openChromium } from '../browser/chromium.js';
import { keepShot } from '../browser/shots.js';
import { HorizonUser } from './horizon-user.js';
import { horizonProgram, prepareHorizon } from './lab/horizon-service.js';
import type { OpenStackLab } from './lab/openstack-lab.js';
import { mustRest, rest } from './lab/rest.js';
import type { ServiceProcess } from './lab/service-process.js';
import type { TaasFront } from './taas-front.js';
import { TapNodes } from './tap-nodes.js';

/** What of a tap is looked at here; the last two are a tap flow's. */
interface Shown {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly tap_service_id: string;
  readonly source_port: string;
}

const waiting = { timeout: 120_000, interval: 300 };
/** A name that is markup, and a template of the framework in Horizon's pages. */
const hostile = `<img src=x onerror="document.title='owned'">`;
const template = "{$constructor.constructor('document.title=`owned`')()$}";

/** What the how-to tells operators to write. */
function blockOfHowTo(language: string): string {
  const page = readFileSync(new URL('../../docs/how-to/horizon.md', import.meta.url), 'utf8');
  const [, block] = page.split(`\n\`\`\`${language}\n`);
  if (block === undefined) throw new Error(`docs/how-to/horizon.md has no ${language}`);
  return block.slice(0, block.indexOf('```'));
}

/** Our panel in a real Horizon, in a real browser, before a real Keystone and a real Neutron. */
export function describeHorizon(cloud: () => { readonly lab: OpenStackLab; readonly front: TaasFront }): void {
  describe.skipIf(!existsSync(horizonProgram) || chromiumPath === undefined)('Horizon', () => {
    let horizon: ServiceProcess;
    let url: string;
    let browser: Browser;
    let nodes: TapNodes;
    let network: string;
    const ports: string[] = [];
    const users: HorizonUser[] = [];
    const api = (path: string) => `${cloud().front.url}/v2.0/${path}`;
    const tapsOf = async (kind: string): Promise<Shown[]> =>
      (await mustRest('GET', api(`taas/${kind}`), await cloud().lab.token('alice'))).body[kind];

    /** A port of alice's that Neutron has bound, and its interface in the VPP of the node. */
    async function boundPort(name: string): Promise<void> {
      const { lab } = cloud();
      const body = { port: { name, network_id: network } };
      const { id } = (await mustRest('POST', api('ports'), await lab.token('alice'), body)).body.port;
      ports.push(id);
      const binding = { port: { 'binding:host_id': 'node-z1' } };
      const { port } = (await mustRest('PUT', `${lab.neutronUrl}/v2.0/ports/${id}`, await lab.token('admin'), binding))
        .body;
      await nodes.plug(port, 50);
    }
    async function logIn(name: 'alice' | 'bob' | 'carol'): Promise<HorizonUser> {
      const user = await HorizonUser.open(browser, url);
      users.push(user);
      await user.logIn(name, cloud().lab.password);
      return user;
    }

    beforeAll(async () => {
      const { lab, front } = cloud();
      const port = await freePort();
      url = `http://127.0.0.1:${port}`;
      const place = {
        ...{ directory: join(lab.directory, 'horizon'), port, keystoneUrl: lab.keystoneUrl },
        dashboardUrl: `${front.url}/dashboard/`,
        rules: blockOfHowTo('yaml'),
      };
      horizon = prepareHorizon(place);
      const [launched] = await Promise.all([openChromium(), horizon.start()]);
      browser = launched;
      nodes = await TapNodes.start(front.etcdUrl, front.directory, ['node-z1']);
      const wanted = { network: { name: 'of the panel' } };
      network = (await mustRest('POST', api('networks'), await lab.token('alice'), wanted)).body.network.id;
      await boundPort('panel-probe');
      await boundPort('panel-source');
    });
    afterEach(async () => {
      for (const user of users.splice(0)) await user.close();
    });
    afterAll(async () => {
      await browser?.close();
      const admin = await cloud().lab.token('admin');
      for (const id of [...ports, cloud().lab.networks.ports['umbrella-port4']])
        await rest('DELETE', api(`ports/${id}`), admin);
      await nodes?.stop();
      await horizon?.stop();
    });

    it('makes a tap service and a tap flow, and shows them as they become ACTIVE', async () => {
      const alice = await logIn('alice');
      await alice.menu.waitFor({ state: 'attached' });
      const link = alice.page.getByRole('link', { name: 'Plans, captures and what taps deliver' });
      expect(await link.getAttribute('href')).toBe(`${cloud().front.url}/dashboard/`);
      await alice.openForm('Create Tap Service');
      await alice.fill('name', hostile);
      await alice.fill('description', template);
      await alice.pick('port_id', 'panel-probe');
      await alice.submit();
      const service = alice.row('panel-probe');
      await service.filter({ hasText: 'ACTIVE' }).waitFor();
      expect((await service.locator('td').nth(1).textContent())?.trim()).toBe(hostile);

      await alice.tab('Tap Flows');
      await alice.openForm('Create Tap Flow');
      await alice.fill('name', 'by the panel');
      await alice.pick('source_port', 'panel-source');
      await alice.pick('tap_service_id', hostile);
      await alice.pick('direction', 'IN');
      await alice.fill('vlan_filter', '9,18-27');
      await alice.submit();
      const flow = alice.row('by the panel').filter({ hasText: 'ACTIVE' });
      await flow.waitFor();
      for (const text of ['panel-source', 'IN', '9,18-27', hostile]) expect(await flow.textContent()).toContain(text);
      await keepShot(alice, 'horizon-taps');
      expect(await alice.page.title()).toContain('Taps');
      expect(alice.complaints).toEqual([]);
      const [made] = await tapsOf('tap_flows');
      expect(made).toMatchObject({ name: 'by the panel', direction: 'IN', vlan_filter: '9,18-27' });
      expect(await tapsOf('tap_services')).toContainEqual(
        expect.objectContaining({ name: hostile, description: template }),
      );
    });

    it('says what the API says of what it refuses, and keeps what was filled in', async () => {
      const alice = await logIn('alice');
      await alice.tab('Tap Flows');
      await alice.openForm('Create Tap Flow');
      await alice.fill('name', 'onto itself');
      await alice.pick('source_port', 'panel-probe');
      await alice.pick('tap_service_id', hostile);
      await alice.submit();
      await alice.form.getByText('it is the port of that very tap service').waitFor();
      expect(await alice.form.locator('#id_name').inputValue()).toBe('onto itself');
      expect((await tapsOf('tap_flows')).map(({ name }) => name)).toEqual(['by the panel']);
      expect(alice.complaints).toEqual([]);
    });

    it('changes a name and a description', async () => {
      const alice = await logIn('alice');
      await alice.tab('Tap Flows');
      await alice.row('by the panel').getByRole('link', { name: 'Edit' }).click();
      await alice.fill('name', hostile);
      await alice.fill('description', 'two\nlines');
      await alice.submit();
      await alice.row('two').waitFor();
      expect(await tapsOf('tap_flows')).toMatchObject([{ name: hostile, description: 'two\nlines' }]);
    });

    it('makes a tap mirror', async () => {
      const alice = await logIn('alice');
      await alice.tab('Tap Mirrors');
      await alice.openForm('Create Tap Mirror');
      await alice.fill('name', 'abroad');
      await alice.pick('port_id', 'panel-source');
      await alice.fill('remote_ip', '203.0.113.9');
      await alice.fill('id_IN', '801');
      await alice.fill('id_OUT', '802');
      await alice.submit();
      const mirror = alice.row('abroad');
      await mirror.waitFor();
      for (const text of ['panel-source', 'IN 801, OUT 802', '203.0.113.9', 'gre'])
        expect(await mirror.textContent()).toContain(text);
      expect((await tapsOf('tap_mirrors')).map(({ name }) => name)).toEqual(['abroad']);
    });

    it('shows another project nothing of it', async () => {
      const { lab } = cloud();
      const theirs = { tap_service: { name: 'of umbrella', port_id: lab.networks.ports['umbrella-port4'] } };
      await mustRest('POST', api('taas/tap_services'), await lab.token('bob'), theirs);
      const bob = await logIn('bob');
      await bob.row('of umbrella').waitFor();
      expect(await bob.page.content()).not.toContain('panel-probe');
      await bob.tab('Tap Flows');
      await bob.page.locator('.tab-pane.active tr.empty').waitFor();
      const [made] = await tapsOf('tap_flows');
      await bob.page.goto(`${url}/project/taps/tap_flow/${made?.id}/update/`);
      await bob.told('does not exist').waitFor();
    });

    it('offers a reader nothing, by the rules of the how-to; and the API refuses whoever does not mind', async () => {
      const carol = await logIn('carol');
      await carol.row('panel-probe').waitFor();
      expect(await carol.page.locator('.table_actions').getByText('Tap Service').count()).toBe(0);
      await carol.page.goto(`${url}/project/taps/tap_service/create/`);
      await carol.pick('port_id', 'panel-source');
      await carol.submit();
      await carol.form.getByText('disallowed by policy').waitFor();
    });

    it('deletes several at once', async () => {
      const [flow] = await tapsOf('tap_flows');
      if (flow === undefined) throw new Error('there is no tap flow');
      const { tap_service_id, source_port } = flow;
      const second = { tap_flow: { name: 'second', tap_service_id, source_port, direction: 'OUT' } };
      await mustRest('POST', api('taas/tap_flows'), await cloud().lab.token('alice'), second);
      const alice = await logIn('alice');
      for (const [tab, kind] of [
        ['Tap Mirrors', 'tap_mirrors'],
        ['Tap Flows', 'tap_flows'],
        ['Tap Services', 'tap_services'],
      ] as const) {
        await alice.tab(tab);
        const rows = alice.row('panel-');
        await rows.first().waitFor();
        for (const row of await rows.all()) await row.locator('input[type="checkbox"] + label').click();
        await alice.page.locator('.tab-pane.active .table_actions button').filter({ hasText: 'Delete' }).click();
        const dialog = alice.page.locator('.modal.in');
        if (kind !== 'tap_mirrors') expect(await dialog.textContent()).toContain('onerror');
        await dialog.locator('.btn-danger').click();
        await alice.told(`Scheduled deletion of ${kind === 'tap_flows' ? 'Tap Flows' : 'Tap'}`).waitFor();
        await vi.waitFor(async () => expect(await rows.count()).toBe(0), waiting);
      }
      expect(await alice.page.title()).toContain('Taps');
      expect(alice.complaints).toEqual([]);
      expect((await tapsOf('tap_services')).map(({ name }) => name)).not.toContain(hostile);
    });

    it('is not there where the catalog has a network service without taps, or one that does not answer', async () => {
      const { lab, front } = cloud();
      const admin = await lab.token('admin');
      const { services } = (await mustRest('GET', `${lab.keystoneUrl}/services?type=network`, admin)).body;
      await mustRest('POST', `${lab.keystoneUrl}/regions`, admin, { region: { id: 'Bare' } });
      const bare = { service_id: services[0].id, interface: 'public', url: lab.neutronUrl, region_id: 'Bare' };
      const { endpoint } = (await mustRest('POST', `${lab.keystoneUrl}/endpoints`, admin, { endpoint: bare })).body;
      try {
        const alice = await logIn('alice');
        await alice.menu.waitFor({ state: 'attached' });
        await alice.page.goto(`${url}/auth/switch_services_region/Bare/?next=/project/networks/`);
        await alice.page.getByRole('heading', { name: 'Networks' }).waitFor();
        expect(await alice.menu.count()).toBe(0);
        expect((await alice.page.goto(`${url}/project/taps/`))?.status()).toBe(403);
        await alice.page.goto(`${url}/auth/switch_services_region/RegionOne/?next=/project/taps/`);
        await alice.menu.waitFor({ state: 'attached' });
        await front.server.stop();
        try {
          expect((await alice.page.goto(`${url}/project/taps/`))?.status()).toBe(403);
        } finally {
          await front.server.start();
        }
      } finally {
        await rest('DELETE', `${lab.keystoneUrl}/endpoints/${endpoint.id}`, admin);
        await rest('DELETE', `${lab.keystoneUrl}/regions/Bare`, admin);
      }
    });
  });
}
