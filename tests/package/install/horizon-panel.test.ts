import { basename } from 'node:path';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { debOf, panel, run } from '../deb-file.js';
import { Debian } from './debian.js';

/** Horizon as Debian has it; from there on without a network. */
const horizon = { kind: 'horizon', installed: [], downloaded: ['openstack-dashboard'] };
const deb = debOf(inject('packages'), panel);
let debian: Debian;
let clean: string[];

beforeAll(async () => {
  debian = Debian.make('bookworm', horizon);
  await debian.must(`apt-get install -q -y --no-install-recommends ${horizon.downloaded.join(' ')}`);
  clean = await debian.everything();
  run('cp', [deb, debian.at('/root')]);
}, 1_800_000);
afterAll(() => debian?.remove());

it('installed, Horizon has the panel', async () => {
  await debian.must(`dpkg -i ${basename(deb)}`);
  const asked = `import horizon; from django.urls import reverse; print(reverse("horizon:project:taps:index"))`;
  const said = await debian.must(
    `cd /usr/share/openstack-dashboard; python3 -W ignore manage.py shell -c '${asked}' 2>/dev/null`,
  );
  expect(said.trim().split('\n').at(-1)).toMatch(/\/project\/taps\/$/);
  expect(await debian.must(`dpkg --verify ${panel}`)).toBe('');
});

it('removed, nothing is left', async () => {
  await debian.must(`dpkg --purge ${panel}`);
  // What Horizon collects and compresses it makes anew at each change of it.
  const kept = (each: string) => !each.startsWith('/var/lib/openstack-dashboard/static/');
  expect((await debian.everything()).filter(kept)).toEqual(clean.filter(kept));
});
