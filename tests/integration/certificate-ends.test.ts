import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { authoritiesSource, FileWatch, keyPairSource, silentLogger, systemClock } from '@taas/service';
import { beforeEach, expect, it } from 'vitest';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ends-'));
  return () => rmSync(folder, { recursive: true });
});
const file = (name: string) => join(folder, name);

/** A certificate that signs itself and is good for so many days. */
function make(name: string, days: number): void {
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', file(`${name}.key`)];
  const args = ['req', '-x509', ...key, '-subj', `/CN=${name}`, '-days', String(days), '-out', file(`${name}.pem`)];
  execFileSync('openssl', args, { stdio: 'pipe' });
  chmodSync(file(`${name}.key`), 0o600);
}
const bundle = (name: string, ...parts: string[]) =>
  writeFileSync(file(name), parts.map((part) => readFileSync(file(part), 'utf8')).join(''));

it('a chain ends with its first certificate, authorities with their last, and a new file counts', async () => {
  for (const [name, days] of [
    ['short', 10],
    ['middle', 50],
    ['long', 90],
  ] as const)
    make(name, days);
  bundle('chain.pem', 'long.pem', 'short.pem');
  bundle('ca.pem', 'short.pem', 'middle.pem');
  const watch = new FileWatch({ clock: systemClock, logger: silentLogger, source: 'test' });
  const named = (option: string, name: string) => ({ option, path: file(name) });
  watch.open(keyPairSource('the pair', named('x.cert_file', 'chain.pem'), named('x.key_file', 'long.key')));
  watch.open(authoritiesSource('those to trust', named('x.ca_file', 'ca.pem')));
  const days = () =>
    watch.certificates.map(({ what, ends }) => [what, Math.round((ends - Date.now()) / 86_400_000)] as const);
  expect(days()).toEqual([
    ['the pair (x.cert_file)', 10],
    ['those to trust (x.ca_file)', 50],
  ]);
  copyFileSync(file('long.pem'), file('ca.pem'));
  await watch.look();
  expect(days()[1]).toEqual(['those to trust (x.ca_file)', 90]);
  writeFileSync(file('ca.pem'), 'no certificate');
  await watch.look();
  expect(days()[1]).toEqual(['those to trust (x.ca_file)', 90]);
});
