import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { files } from '@taas/dashboard';
import { HostReceiver, joinHost, type TokenPort } from '@taas/lab';
import { pcapngContents } from '@taas/packets';
import { openPage } from '@taas/server/testing';
import axe from 'axe-core';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { chromiumPath, openChromium } from '../browser/chromium.js';
import { DashboardUser, type UserOptions } from '../browser/dashboard-user.js';
import { type Collector, TapLab, type TestVm } from '../scenarios/tap-lab.js';

const [nodeA, nodeB] = ['node-a', 'node-b'] as const;
const address = '10.98.0.1';
const people = {
  // One for each story: whoever logs in again and again is held up.
  ...Object.fromEntries(
    ['alice', 'amy', 'ada', 'ann', 'ava', 'abe', 'alf', 'ali', 'amos'].map((name) => [
      name,
      { password: 'right', projects: { acme: 'member', beta: 'member', gamma: 'member' } },
    ]),
  ),
  bob: { password: 'right', projects: { umbrella: 'member' } },
  carol: { password: 'right', projects: { acme: 'reader' } },
  max: { password: 'right', projects: { big: 'member' } },
  root: { password: 'right', projects: { acme: 'admin' } },
};

let lab: TapLab;
let browser: Browser;
let vm: TestVm;
let collector: Collector;
const bigFlows = 10_000;
const withdrawn = new Set<string>();
const ports = new Map<string, TokenPort>();
const users: DashboardUser[] = [];

const shots = process.env['DASHBOARD_SHOTS'];

beforeAll(async () => {
  if (chromiumPath === undefined) return;
  const receiver = new HostReceiver();
  const whole = await TapLab.start({
    ...{ switch: 'simulated', store: { etcd: {} }, bindings: 'neutron', transport: 'either', nodes: [nodeA, nodeB] },
    server: {
      ...{ quotas: { tap_service: -1, tap_flow: -1, tap_mirror: -1 }, rate_limit: { per_second: 0 } },
      write_budget: { writes_per_minute: 0, bytes_per_minute: 0 },
      project_share: 0.5,
      captures: { address },
      tap_mirrors: { underlay_subnets: ['10.99.0.0/24'] },
    },
    openstack: { ports, keystone: { people, withdrawn } },
    seams: { openReceiver: receiver.open, page: openPage(files) },
  });
  lab = whole.as('acme');
  await joinHost(lab.cloud, address, receiver);
  vm = await lab.vm(nodeA);
  collector = await lab.collector(nodeB);
  ports.set(vm.port.id, { project: lab.project, host: nodeA, name: 'web-1' });
  ports.set(collector.port.id, { project: lab.project, host: nodeB, name: 'ids-1' });
  browser = await openChromium();
});
afterEach(async ({ task }) => {
  if (task.result?.state === 'fail')
    for (const [n, user] of users.entries()) await shot(user, `failed-${n}-${task.name.slice(0, 20)}`);
  for (const user of users.splice(0)) await user.close();
});
afterAll(async () => {
  await browser?.close();
  await lab?.stop();
});

const open = async (options?: UserOptions) => {
  const user = await DashboardUser.open(browser, lab.cloud.url, options);
  users.push(user);
  return user;
};
const shot = async (user: DashboardUser, name: string) => {
  if (shots === undefined) return;
  mkdirSync(shots, { recursive: true });
  await user.page.screenshot({ path: join(shots, `${name}.png`) });
};

/** Frames of the tapped VM, so that there is something to count. */
const talk = (count: number) => lab.cloud.node(nodeA).switch.send(vm.port, lab.frames(count));
const row = (user: DashboardUser, name: string) => user.page.getByRole('row').filter({ hasText: name });

describe.skipIf(chromiumPath === undefined)('the dashboard, in Chromium', () => {
  it('refuses a wrong password, and lets in with the right one', async () => {
    const user = await open();
    await user.logIn('alice', 'wrong');
    await user.page.getByRole('alert').getByText('Keystone does not accept this log-in.').waitFor();
    await shot(user, 'login');
    await user.logIn('alice', 'right');
    await user.page.getByRole('heading', { name: 'Taps' }).waitFor();
    await user.page.getByText('There are no taps in this project.').waitFor();
    // No script can read the cookie.
    expect(await user.page.evaluate('document.cookie')).toBe('');
    expect(user.complaints).toEqual([]);
  });

  it('makes a tap service and a flow, each after its plan, and shows them ACTIVE and counting', async () => {
    const user = await open();
    const { page } = user;
    await user.logIn('alice', 'right');
    await page.getByRole('link', { name: 'New tap' }).click();
    await page.getByLabel('Kind').selectOption('tap_service');
    await page.getByLabel(/^Port that receives/).fill('ids-1');
    await page.getByLabel('Name', { exact: true }).fill('ids');
    await page.getByRole('button', { name: 'Show the plan' }).click();
    await page.getByRole('region', { name: 'Plan' }).getByText('It will be').waitFor();
    // Nothing has been made by it.
    expect(JSON.parse((await user.fetched('api/v2.0/taas/tap_services')).text)).toEqual({ tap_services: [] });
    await page.getByRole('button', { name: 'Create' }).click();
    await page.getByRole('heading', { name: 'ids' }).waitFor();

    await user.go('new');
    await page.getByLabel(/^Port to copy/).fill('web-1');
    await page.getByLabel('To the tap service').selectOption({ label: 'ids' });
    await page.getByLabel('Name', { exact: true }).fill('web to ids');
    await page.getByLabel(/^Why/).fill('ticket 4711');
    await page.getByRole('button', { name: 'Show the plan' }).click();
    await page.getByRole('region', { name: 'Plan' }).getByText('It will be').waitFor();
    await shot(user, 'plan');
    await page.getByRole('button', { name: 'Create' }).click();
    await page.getByText('ACTIVE', { exact: true }).waitFor({ timeout: 30_000 });
    await talk(40);
    const stations = page.getByRole('list', { name: 'Stations and what was counted there' });
    await stations.getByTitle('40 packets').first().waitFor({ timeout: 30_000 });
    await talk(60);
    await stations.getByTitle('100 packets').first().waitFor({ timeout: 30_000 });
    await page.getByRole('img', { name: /^Now: seen/ }).waitFor({ timeout: 30_000 });
    await page.getByText('ticket 4711').first().waitFor();
    await shot(user, 'tap');
    await user.go('taps');
    await row(user, 'web to ids').getByText('100 %').waitFor({ timeout: 30_000 });
    await shot(user, 'taps');
    await user.go('topology');
    await page.locator('svg.topology text', { hasText: 'ids' }).waitFor();
    await shot(user, 'topology');
    expect(user.complaints).toEqual([]);
  });

  it('shows two projects nothing of each other, nor what a script of theirs asks for', async () => {
    const alice = await open();
    await alice.logIn('amy', 'right');
    await row(alice, 'web to ids').waitFor();
    const { tap_flows: flows } = JSON.parse((await alice.fetched('api/v2.0/taas/tap_flows')).text);
    const bob = await open();
    await bob.logIn('bob', 'right');
    await bob.page.getByText('There are no taps in this project.').waitFor();
    await bob.go('tap', 'tap_flow', flows[0].id);
    await bob.page.getByText('This tap is not there any more.').waitFor();
    expect((await bob.fetched(`api/v2.0/taas/tap_flows/${flows[0].id}`)).status).toBe(404);
    expect((await bob.fetched(`api/v2.0/taas/tapped_ports/${vm.port.id}`)).status).toBe(404);
    // The other project of the same user is another one.
    await alice.page.getByLabel('Project').selectOption('beta');
    await alice.page.getByText('There are no taps in this project.').waitFor();
    await alice.page.getByLabel('Project').selectOption('acme');
    await row(alice, 'web to ids').waitFor();
  });

  it('offers a reader nothing that the policy refuses them', async () => {
    const user = await open();
    await user.logIn('carol', 'right');
    await row(user, 'web to ids').getByRole('link').click();
    await user.page.getByRole('heading', { name: 'What it is' }).waitFor();
    expect(await user.page.getByRole('button', { name: /Delete/ }).count()).toBe(0);
    expect(await user.page.getByRole('link', { name: /Audit|Nodes/ }).count()).toBe(0);
    expect((await user.fetched('api/v2.0/taas/nodes')).status).toBe(403);
  });

  it('shows an administrator the audit trail', async () => {
    const user = await open();
    await user.logIn('root', 'right');
    await user.page.getByRole('link', { name: 'Audit' }).click();
    await user.page.getByRole('row').filter({ hasText: 'created' }).first().waitFor();
    await shot(user, 'audit');
  });

  it('shows an administrator the nodes, and what is wrong there as soon as it is', async () => {
    const user = await open();
    const { page } = user;
    await user.logIn('root', 'right');
    await page.getByRole('link', { name: 'Nodes' }).click();
    const line = row(user, nodeA);
    await line.getByText('there').waitFor();
    await line.getByText('26.06').waitFor();
    await line.getByText('no limit').first().waitFor();
    await shot(user, 'nodes');
    await page.getByRole('searchbox').fill('nothing has this');
    await page.getByText('0 of 2 nodes').waitFor();
    await page.getByRole('searchbox').fill('');
    await lab.cloud.node(nodeB).agent.stop();
    await page.getByText('1 nodes').waitFor({ timeout: 60_000 });
    await lab.cloud.node(nodeB).agent.start();
    await page.getByText('2 nodes').waitFor({ timeout: 60_000 });
    expect(user.complaints).toEqual([]);
  }, 150_000);

  it('captures a port to a file, which has what was sent', async () => {
    const user = await open();
    const { page } = user;
    await user.logIn('ada', 'right');
    await page.getByRole('link', { name: 'Captures' }).click();
    await page.getByLabel('Port', { exact: true }).fill('web-1');
    await page.getByLabel(/^Packets/).fill('25');
    await page.getByText(`taas capture ${vm.port.id} | wireshark -k -i -`).waitFor();
    const coming = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Capture to a file' }).click();
    const download = await coming;
    expect(download.suggestedFilename()).toMatch(/^capture-[0-9a-f]{8}\.pcapng$/);
    await page.getByRole('row').filter({ hasText: 'ACTIVE' }).waitFor({ timeout: 30_000 });
    await shot(user, 'captures');
    await talk(25);
    // They are looked at beside the file, and taken from nowhere.
    const packets = page.getByRole('region', { name: 'Packets' });
    await packets.getByText('It has ended: its 25 packets are there.').waitFor({ timeout: 30_000 });
    expect(await packets.getByRole('row').count()).toBe(26);
    await packets.getByRole('row').filter({ hasText: 'UDP' }).first().waitFor();
    await shot(user, 'packets');
    const contents = pcapngContents(new Uint8Array(readFileSync(await download.path())), 'the download');
    expect(contents.packets).toHaveLength(25);
    await page.getByRole('row').filter({ hasText: '25 packets' }).getByText('ENDED').waitFor({ timeout: 30_000 });
    expect(user.complaints).toEqual([]);
  });

  it('shows a tap that somebody else makes as soon as it is there, and deletes it after its plan', async () => {
    const user = await open();
    const { page } = user;
    await user.logIn('ann', 'right');
    await row(user, 'web to ids').waitFor();
    const [service] = JSON.parse((await user.fetched('api/v2.0/taas/tap_services')).text).tap_services;
    const flow = await lab.flow(service.id, vm, 'IN');
    // Lists are not asked for again: an event has brought it, and how it goes.
    await row(user, 'scenario').getByText('ACTIVE').waitFor();
    await user.go('tap', 'tap_flow', flow);
    await page.getByRole('button', { name: 'Delete …' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText(nodeA).first().waitFor();
    await shot(user, 'delete');
    await dialog.getByRole('button', { name: 'Delete', exact: true }).click();
    await page.getByRole('heading', { name: 'Taps' }).waitFor();
    await lab.eventually(async () => expect((await user.fetched(`api/v2.0/taas/tap_flows/${flow}`)).status).toBe(404));
  });

  it('asks to log in again when Keystone withdraws the token, and goes on where one was', async () => {
    const user = await open();
    await user.logIn('ava', 'right', 'beta');
    await user.page.getByRole('link', { name: 'Captures' }).click();
    await user.page.getByText('No capture runs on this server.').waitFor();
    withdrawn.add('tok-beta-member');
    await user.page.getByText('The session has ended.').waitFor({ timeout: 100_000 });
    withdrawn.clear();
    await user.logIn('ava', 'right', 'acme');
    await user.page.getByRole('heading', { name: 'Captures' }).waitFor();
  }, 150_000);

  it('outlives the server: it says so, asks to log in again, and shows what there is', async () => {
    const user = await open();
    await user.logIn('abe', 'right', 'gamma');
    await user.page.getByRole('link', { name: 'Captures' }).click();
    await user.page.getByText('No capture runs on this server.').waitFor();
    await lab.cloud.server().stop();
    await user.page.getByText('The server does not answer.').waitFor({ timeout: 30_000 });
    await lab.cloud.server().start();
    await user.page.getByText('The session has ended.').waitFor({ timeout: 30_000 });
    await user.logIn('abe', 'right', 'acme');
    await user.page.getByRole('heading', { name: 'Captures' }).waitFor();
    await user.go('taps');
    await row(user, 'web to ids').waitFor();
  }, 90_000);

  it('is for everybody: what axe finds on each page is nothing', async () => {
    const user = await open();
    const found: string[] = await axeOn(user, 'login');
    await user.logIn('root', 'right');
    await row(user, 'web to ids').getByRole('link').first().waitFor();
    for (const page of ['taps', 'topology', 'captures', 'new', 'nodes', 'audit']) {
      await user.go(page);
      await user.page.getByRole('heading', { level: 1 }).waitFor();
      found.push(...(await axeOn(user, page)));
      await shot(user, `light-${page}`);
    }
    expect(found).toEqual([]);
  }, 180_000);

  it.each([
    { name: 'dark', options: { dark: true } },
    { name: 'narrow', options: { width: 400 } },
  ])(
    'fits: $name',
    async ({ name, options }) => {
      const user = await open(options);
      await shot(user, `${name}-login`);
      await user.logIn('alf', 'right');
      const found: string[] = [];
      await row(user, 'web to ids').getByRole('link').click();
      await user.page.getByRole('list', { name: 'Stations and what was counted there' }).waitFor({ timeout: 30_000 });
      for (const page of ['tap', 'taps', 'topology', 'captures', 'new']) {
        if (page !== 'tap') await user.go(page);
        await user.page.getByRole('heading', { level: 1 }).waitFor();
        found.push(...(await axeOn(user, page)));
        const wider = await user.page.evaluate<boolean>('document.documentElement.scrollWidth > innerWidth');
        if (wider) found.push(`${page} is wider than the window`);
        await shot(user, `${name}-${page}`);
      }
      expect(found).toEqual([]);
    },
    180_000,
  );

  it('shows ten thousand taps, and draws those that are seen', async () => {
    const [port, far] = [lab.newPortId(), lab.newPortId()];
    for (const id of [port, far]) ports.set(id, { project: 'big', name: `port ${id.slice(-4)}` });
    const make = async (collection: string, body: object) => {
      const answer = await fetch(`${lab.cloud.url}/v2.0/taas/${collection}`, {
        ...{ method: 'POST', headers: { 'x-auth-token': 'tok-big-admin' }, body: JSON.stringify(body) },
      });
      expect(answer.status).toBe(201);
      return answer.json();
    };
    const { tap_service: service } = (await make('tap_services', {
      tap_service: { name: 'big', port_id: far },
    })) as { tap_service: { id: string } };
    const flow = (n: number) => ({
      ...{ name: `flow ${n}`, tap_service_id: service.id, source_port: port, direction: 'IN' },
    });
    for (let made = 0; made < bigFlows; made += 125)
      await make('tap_flows', { tap_flows: Array.from({ length: 125 }, (_, n) => flow(made + n)) });
    const user = await open();
    const { page } = user;
    await user.fillIn('max', 'right');
    const began = performance.now();
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByRole('row').filter({ hasText: 'flow 0' }).first().waitFor();
    const first = performance.now() - began;
    await page.getByText(`${bigFlows + 1} taps`, { exact: true }).waitFor({ timeout: 60_000 });
    const whole = performance.now() - began;
    await shot(user, 'ten-thousand');
    expect(await page.getByRole('row').count()).toBeLessThan(80);
    const frames = await page.evaluate<number>(`new Promise((resolve) => {
      const list = document.querySelector('.scroller');
      const began = performance.now();
      let frames = 0;
      const step = () => {
        list.scrollTop += 340;
        frames += 1;
        const passed = performance.now() - began;
        if (passed < 3000) requestAnimationFrame(step);
        else resolve((frames * 1000) / passed);
      };
      requestAnimationFrame(step);
    })`);
    await page.evaluate(`document.querySelector('.scroller').scrollTop = 1e9`);
    await row(user, 'big').last().waitFor();
    expect(await page.getByRole('row').count()).toBeLessThan(80);
    const told = {
      firstLineMs: Math.round(first),
      wholeListMs: Math.round(whole),
      framesPerSecond: Math.round(frames),
    };
    console.log(`ten thousand taps: ${JSON.stringify(told)}`);
    // No id has a g in it.
    await page.getByRole('searchbox').fill('big');
    await page.getByText(`1 of ${bigFlows + 1} taps`).waitFor();
    expect(user.complaints).toEqual([]);
  }, 180_000);
});

/** What is wrong for people who see, hear or point otherwise. */
async function axeOn(user: DashboardUser, name: string): Promise<string[]> {
  await user.page.evaluate(axe.source);
  const { violations } = await user.page.evaluate<axe.AxeResults>('axe.run()');
  return violations.map(
    ({ id, nodes }) => `${name}: ${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(' | ')}`,
  );
}
