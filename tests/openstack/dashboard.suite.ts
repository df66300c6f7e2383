import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { chromiumPath, openChromium } from '../browser/chromium.js';
import { DashboardUser } from '../browser/dashboard-user.js';
import type { OpenStackLab } from './lab/openstack-lab.js';
import { mustRest } from './lab/rest.js';
import type { TaasFront } from './taas-front.js';

/** The dashboard in a real browser, before a real Keystone and a real Neutron. */
export function describeDashboard(cloud: () => { readonly lab: OpenStackLab; readonly front: TaasFront }): void {
  let browser: Browser;
  const users: DashboardUser[] = [];
  const open = async () => {
    const user = await DashboardUser.open(browser, cloud().front.url);
    users.push(user);
    return user;
  };

  describe.skipIf(chromiumPath === undefined)('the dashboard', () => {
    beforeAll(async () => {
      if (chromiumPath !== undefined) browser = await openChromium();
    });
    afterEach(async () => {
      for (const user of users.splice(0)) await user.close();
    });
    afterAll(() => browser?.close());

    it('lets in whom Keystone lets in, and shows them what is theirs', async () => {
      const { lab } = cloud();
      const alice = await open();
      await alice.logIn('alice', 'not her password');
      await alice.page.getByText('Keystone does not accept this log-in.').waitFor({ timeout: 60_000 });
      await alice.logIn('alice', lab.password);
      await alice.page.getByRole('heading', { name: 'Taps' }).waitFor({ timeout: 60_000 });
      expect(await alice.page.getByLabel('Project').locator('option').allTextContents()).toEqual(['acme']);
      await alice.go('new');
      await alice.page.getByLabel('Kind').selectOption('tap_service');
      // The name is enough as soon as Neutron's ports are there.
      await alice.page.locator('datalist option').first().waitFor({ state: 'attached', timeout: 60_000 });
      await alice.page.getByLabel(/^Port that receives/).fill('acme-port7');
      await alice.page.getByLabel('Name', { exact: true }).fill('by the dashboard');
      await alice.page.getByRole('button', { name: 'Show the plan' }).click();
      await alice.page.getByRole('button', { name: 'Create' }).click({ timeout: 60_000 });
      await alice.page.getByRole('heading', { name: 'by the dashboard' }).waitFor({ timeout: 60_000 });
      const { body } = await mustRest('GET', `${cloud().front.url}/v2.0/taas/tap_services`, await lab.token('alice'));
      const [made] = body.tap_services.filter(({ name }: { name: string }) => name === 'by the dashboard');
      expect(made).toMatchObject({
        port_id: lab.networks.ports['acme-port7'],
        project_id: lab.identity.projects['acme'],
      });

      const bob = await open();
      await bob.logIn('bob', lab.password);
      await bob.page.getByText(/\d+ taps/).waitFor({ timeout: 60_000 });
      expect((await bob.fetched('api/v2.0/taas/tap_services')).text).not.toContain(made.id);
      expect((await bob.fetched(`api/v2.0/taas/tap_services/${made.id}`)).status).toBe(404);
      expect((await bob.fetched('api/v2.0/ports')).text).not.toContain('acme-port');

      await alice.page.getByRole('button', { name: 'Delete …' }).click();
      await alice.page.getByRole('dialog').getByRole('button', { name: 'Delete', exact: true }).click();
      await alice.page.getByRole('heading', { name: 'Taps' }).waitFor({ timeout: 60_000 });
      await alice.page.getByRole('button', { name: 'Log out' }).click();
      await alice.page.getByRole('button', { name: 'Log in' }).waitFor({ timeout: 60_000 });
      expect((await alice.fetched('session')).status).toBe(401);
      expect(alice.complaints).toEqual([]);
    });

    it('takes an application credential, and asks to log in again when Keystone withdraws it', async () => {
      const { lab } = cloud();
      const token = await lab.token('alice');
      const url = `${lab.keystoneUrl}/users/${lab.identity.users['alice']}/application_credentials`;
      const wanted = { application_credential: { name: 'for the dashboard' } };
      const { application_credential: credential } = (await mustRest('POST', url, token, wanted)).body;
      const user = await open();
      await user.page.getByLabel('application credential', { exact: true }).check();
      await user.page.getByLabel('Id of the application credential').fill(credential.id);
      await user.page.getByLabel('Secret').fill(credential.secret);
      await user.page.getByRole('button', { name: 'Log in' }).click();
      await user.page.getByRole('link', { name: 'Captures' }).click({ timeout: 60_000 });
      await user.page.getByRole('heading', { name: 'Captures' }).waitFor();
      const gone = await fetch(`${url}/${credential.id}`, { method: 'DELETE', headers: { 'x-auth-token': token } });
      expect(gone.status).toBe(204);
      await user.page.getByText('The session has ended.').waitFor({ timeout: 120_000 });
    });
  });
}
