import { files } from '@taas/dashboard';
import { HostReceiver, joinHost, type TokenPort } from '@taas/lab';
import { openPage } from '@taas/server/testing';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { chromiumPath, openChromium } from '../browser/chromium.js';
import { DashboardUser } from '../browser/dashboard-user.js';
import { keepShot } from '../browser/shots.js';
import { TapLab } from '../scenarios/tap-lab.js';

const address = '10.98.0.1';
const person = (id: string, role = 'member') => ({ password: 'right', id, projects: { acme: role } });
const people = { ann: person('ann'), bob: person('bob'), carol: person('carol', 'reader') };
const hour = 3_600_000;

let lab: TapLab;
let browser: Browser;
const ports = new Map<string, TokenPort>();
const users: DashboardUser[] = [];

beforeAll(async () => {
  if (chromiumPath === undefined) return;
  const receiver = new HostReceiver();
  const whole = await TapLab.start({
    ...{ switch: 'simulated', store: { etcd: {} }, bindings: 'neutron', transport: 'either', nodes: ['node-a'] },
    server: {
      taps: { consent: 'always', reason_required: true, max_ttl_s: 30 * 86_400 },
      ...{ captures: { address }, project_share: 0.5, tap_mirrors: { underlay_subnets: ['10.99.0.0/24'] } },
    },
    openstack: { ports, keystone: { people } },
    seams: { openReceiver: receiver.open, page: openPage(files) },
  });
  lab = whole.as('acme');
  await joinHost(lab.cloud, address, receiver);
  const [vm, collector] = [await lab.vm('node-a'), await lab.collector('node-a')];
  ports.set(vm.port.id, { project: lab.project, host: 'node-a', name: 'web-1' });
  ports.set(collector.port.id, { project: lab.project, host: 'node-a', name: 'ids-1' });
  browser = await openChromium();
});
afterEach(async () => {
  for (const user of users.splice(0)) await user.close();
});
afterAll(async () => {
  await browser?.close();
  await lab?.stop();
});

const logIn = async (name: string) => {
  const user = await DashboardUser.open(browser, lab.cloud.url);
  users.push(user);
  await user.logIn(name, 'right');
  await user.page.getByRole('heading', { name: 'Taps' }).waitFor();
  return user;
};
const row = (user: DashboardUser, name: string) => user.page.getByRole('row').filter({ hasText: name });
const flowOf = async (user: DashboardUser, name: string) => {
  const { tap_flows: all } = JSON.parse((await user.fetched('api/v2.0/taas/tap_flows')).text);
  return all.find((each: { readonly name: string }) => each.name === name);
};

describe.skipIf(chromiumPath === undefined)('time and consent in the dashboard, in Chromium', () => {
  it('a tap is made with a reason and an end, waits for somebody else, who agrees to what they have seen', async () => {
    const ann = await logIn('ann');
    const { page } = ann;
    await ann.go('new');
    await page.getByLabel('Kind').selectOption('tap_service');
    await page.getByLabel(/^Port that receives/).fill('ids-1');
    await page.getByLabel('Name', { exact: true }).fill('ids');
    await page.getByRole('button', { name: 'Show the plan' }).click();
    // The plan is refused as the tap would be, and from then on the field is asked for.
    await page.getByRole('alert').getByText('the operator wants to know why').waitFor();
    expect(await page.getByLabel(/^Why/).getAttribute('required')).not.toBeNull();
    await page.getByLabel(/^Why/).fill('INC-7');
    const make = async () => {
      await page.getByRole('button', { name: 'Show the plan' }).click();
      await page.getByRole('region', { name: 'Plan' }).getByText('It will be').waitFor();
      await page.getByRole('button', { name: 'Create' }).click();
    };
    await make();
    await page.getByRole('heading', { name: 'ids' }).waitFor();

    await ann.go('new');
    await page.getByLabel(/^Port to copy/).fill('web-1');
    await page.getByLabel('To the tap service').selectOption({ label: 'ids' });
    await page.getByLabel('Name', { exact: true }).fill('web to ids');
    await page.getByLabel(/^Why/).fill('INC-7');
    await page.getByLabel(/^Ends/).selectOption({ label: 'in an hour' });
    await make();
    const terms = page.getByRole('region', { name: 'Time and consent' });
    await terms.getByText('Asked for by you. Waits for somebody else').waitFor();
    // What ends within the hour is warned of.
    await terms
      .getByRole('status')
      .getByText(/min left/)
      .waitFor();
    expect(await page.getByRole('button', { name: /Agree/ }).count()).toBe(0);
    await keepShot(ann, 'waits');

    const carol = await logIn('carol');
    await row(carol, 'web to ids').getByRole('link').click();
    await carol.page.getByRole('region', { name: 'Time and consent' }).getByText('Asked for by user ann.').waitFor();
    expect(await carol.page.getByRole('button', { name: /Agree|Renew/ }).count()).toBe(0);

    const bob = await logIn('bob');
    await bob.page.getByLabel('Status').selectOption('waiting_for_consent');
    await row(bob, 'web to ids').getByRole('link').click();
    await bob.page.getByRole('button', { name: 'Agree …' }).click();
    const dialog = bob.page.getByRole('dialog');
    await dialog.getByText('INC-7').waitFor();
    // It changes behind the dialog: nothing is agreed to that was not seen.
    const { id } = await flowOf(bob, 'web to ids');
    await keepShot(bob, 'agree');
    const changed = await fetch(`${lab.cloud.url}/v2.0/taas/tap_flows/${id}`, {
      ...{ method: 'PUT', headers: { 'x-auth-token': 'tok-acme-member-by-ann' } },
      body: JSON.stringify({ tap_flow: { filter_rules: [{ action: 'accept', protocol: 'tcp' }] } }),
    });
    expect(changed.status).toBe(200);
    await dialog.getByRole('button', { name: 'Agree', exact: true }).click();
    await dialog.getByRole('alert').waitFor();
    expect(await flowOf(bob, 'web to ids')).toMatchObject({ consent: 'waiting' });
    await dialog.getByRole('button', { name: 'Look again' }).click();
    await dialog.getByText('protocol=tcp').waitFor();
    await dialog.getByRole('button', { name: 'Agree', exact: true }).click();
    await bob.page.getByText('Agreed to by you.').waitFor();
    await bob.page.getByText('ACTIVE', { exact: true }).waitFor();
    expect(await flowOf(bob, 'web to ids')).toMatchObject({ consent: 'given', agreed_by: 'bob' });
    expect([...ann.complaints, ...bob.complaints, ...carol.complaints]).toEqual([]);
  }, 120_000);

  it('an end is renewed by whoever may agree, and who has asked is told why not', async () => {
    const renewed = async (user: DashboardUser) => {
      await row(user, 'web to ids').getByRole('link').click();
      const form = user.page.getByRole('form', { name: 'Renew' });
      await form.getByLabel(/^New end/).selectOption({ label: 'in a week' });
      await form.getByRole('button', { name: 'Renew' }).click();
      return form;
    };
    const ann = await logIn('ann');
    const refused = await renewed(ann);
    await refused.getByRole('alert').waitFor();
    const bob = await logIn('bob');
    const before = Date.parse((await flowOf(bob, 'web to ids')).expires_at);
    await renewed(bob);
    await bob.page
      .getByRole('region', { name: 'Time and consent' })
      .getByText(/6 d 23 h left/)
      .waitFor();
    const after = Date.parse((await flowOf(bob, 'web to ids')).expires_at);
    expect(after - before).toBeGreaterThan(6 * 24 * hour);
  });

  it('a capture waits, too, and runs when somebody else agrees', async () => {
    const ann = await logIn('ann');
    await ann.go('captures');
    await ann.page.getByLabel('Port', { exact: true }).fill('web-1');
    await ann.page.getByLabel(/^Seconds/).fill('600');
    const start = ann.page.getByRole('button', { name: 'Capture to a file' });
    await start.click();
    await ann.page.getByRole('alert').getByText('the operator wants to know why').waitFor();
    await ann.page.getByLabel(/^Why/).fill('INC-8');
    const coming = ann.page.waitForEvent('download');
    await start.click();
    await coming;
    await row(ann, 'Asked for by you').waitFor();
    expect(await ann.page.getByRole('button', { name: 'Agree' }).count()).toBe(0);
    const bob = await logIn('bob');
    await bob.go('captures');
    const line = row(bob, 'INC-8');
    await line.getByText('Asked for by user ann.').waitFor();
    await line.getByRole('button', { name: 'Agree' }).click();
    await line.getByText('ACTIVE').waitFor();
    await line.getByRole('button', { name: 'End' }).click();
    await line.getByText('ENDED', { exact: true }).waitFor();
    expect([...ann.complaints, ...bob.complaints]).toEqual([]);
  });
});
