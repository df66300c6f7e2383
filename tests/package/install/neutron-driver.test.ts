import { basename } from 'node:path';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { debOf, driver, run } from '../deb-file.js';
import { Debian } from './debian.js';

/** Neutron with its plugin, as Debian has it; from there on without a network. */
const neutron = { kind: 'neutron', installed: [], downloaded: ['python3-neutron-taas'] };
const deb = debOf(inject('packages'), driver);
let debian: Debian;
let clean: string[];

beforeAll(async () => {
  debian = Debian.make('bookworm', neutron);
  await debian.must(`apt-get install -q -y --no-install-recommends ${neutron.downloaded.join(' ')}`);
  clean = await debian.everything();
  run('cp', [deb, debian.at('/root')]);
}, 1_800_000);
afterAll(() => debian?.remove());

it('installed, the driver is the class that the how-to names to Neutron', async () => {
  await debian.must(`dpkg -i ${basename(deb)}`);
  const named = 'networking_vpp_taas.driver:VppTaasDriver';
  const asked = `import importlib.metadata as m; e = m.EntryPoint("d", "${named}", "g").load(); print(e.__name__, m.version("networking-vpp-taas"))`;
  expect(await debian.must(`cd /; python3 -W ignore -c '${asked}'`)).toBe('VppTaasDriver 0.1.0\n');
  expect(await debian.must(`dpkg --verify ${driver}`)).toBe('');
  expect(debian.exists('/usr/lib/python3/dist-packages/networking_vpp_taas/__pycache__')).toBe(true);
});

it('configured again, nothing changes; removed, nothing is left', async () => {
  const before = await debian.everything();
  await debian.must(`/var/lib/dpkg/info/${driver}.postinst configure ""`);
  expect(await debian.everything()).toEqual(before);
  await debian.must(`dpkg --purge ${driver}`);
  expect(await debian.everything()).toEqual(clean);
});
