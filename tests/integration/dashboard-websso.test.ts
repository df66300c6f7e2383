import { files } from '@taas/dashboard';
import { freePort } from '@taas/lab';
import { openPage } from '@taas/server/testing';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chromiumPath, openChromium } from '../browser/chromium.js';
import { DashboardUser } from '../browser/dashboard-user.js';
import { keepShot } from '../browser/shots.js';
import { TapLab } from '../scenarios/tap-lab.js';

const people = { sue: { password: 'unknown', projects: { acme: 'member', beta: 'member' } } };

let lab: TapLab;
let browser: Browser;
let keystone: string;

beforeAll(async () => {
  if (chromiumPath === undefined) return;
  const [port, keystonePort] = [await freePort(), await freePort()];
  const origin = `http://127.0.0.1:${port}/dashboard/websso`;
  // Another name of the same machine, and so another site: cookies are kept apart as they are between two hosts.
  keystone = `http://localhost:${keystonePort}`;
  lab = await TapLab.start({
    ...{ switch: 'simulated', store: { etcd: {} }, bindings: 'neutron', nodes: ['node-a'] },
    server: {
      listen: { port },
      dashboard: {
        websso: { keystone_url: `${keystone}/v3`, origin, choices: [{ label: 'Single sign-on', protocol: 'openid' }] },
      },
      ...{ project_share: 0.5, tap_mirrors: { underlay_subnets: ['10.99.0.0/24'] } },
    },
    openstack: { keystone: { people, port: keystonePort, sso: { person: 'sue', trusted: [origin] } } },
    seams: { page: openPage(files) },
  });
  browser = await openChromium();
});
afterAll(async () => {
  await browser?.close();
  await lab?.stop();
});

describe.skipIf(chromiumPath === undefined)('single sign-on, in Chromium', () => {
  it('leads to Keystone and back, logged in, and the project can be chosen', async () => {
    const user = await DashboardUser.open(browser, lab.cloud.url);
    const { page } = user;
    const cameFrom = page.waitForRequest((request) => request.url().startsWith(keystone));
    await page.getByRole('button', { name: 'Single sign-on' }).waitFor();
    await keepShot(user, 'sso');
    await page.getByRole('button', { name: 'Single sign-on' }).click();
    await cameFrom;
    await page.getByRole('heading', { name: 'Taps' }).waitFor();
    expect(page.url()).toBe(`${lab.cloud.url}/dashboard/`);
    await page.getByLabel('Project').selectOption('beta');
    await page.getByText('There are no taps in this project.').waitFor();
    expect(await page.evaluate('document.cookie')).toBe('');
    await page.reload();
    await page.getByRole('heading', { name: 'Taps' }).waitFor();
    const kept = (await page.context().cookies()).map(({ name, sameSite }) => [name, sameSite]);
    expect(kept).toEqual([['__Host-taas', 'Strict']]);
    expect(user.complaints).toEqual([]);
    await user.close();
  });

  it('is refused to who has not begun it here, though Keystone itself sends the token', async () => {
    const user = await DashboardUser.open(browser, lab.cloud.url);
    const { page } = user;
    const origin = encodeURIComponent(`${lab.cloud.url}/dashboard/websso`);
    await page.goto(`${keystone}/v3/auth/OS-FEDERATION/websso/openid?origin=${origin}`);
    await page.getByText('That log-in was not begun here').waitFor();
    expect((await user.fetched('session')).status).toBe(401);
    await user.close();
  });

  it('takes no token from a page of another site, begun here or not', async () => {
    const user = await DashboardUser.open(browser, lab.cloud.url);
    const { page } = user;
    const begun = await page.evaluate(`fetch('websso', {
      method: 'PUT', headers: { 'content-type': 'application/json' }, body: '{"choice": 0}',
    }).then(({ status }) => status)`);
    expect(begun).toBe(200);
    await page.route('https://evil.example/', (route) =>
      route.fulfill({
        contentType: 'text/html',
        body: `<form method="post" action="${lab.cloud.url}/dashboard/websso"><input name="token" value="unscoped:sue"></form>
          <script>document.forms[0].submit()</script>`,
      }),
    );
    await page.goto('https://evil.example/');
    await page.getByText('That log-in was not begun here').waitFor();
    expect((await user.fetched('session')).status).toBe(401);
    await user.close();
  });
});
