import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const root = new URL('../../', import.meta.url);

/** Attacks that the page names and that are written elsewhere at this moment; empty when all have landed. */
const awaited = ['01-flat-leak', '02-unknown-owner', '03-underlay', '04-unsigned', '05-lease', '06-deletion']
  .concat(['07-hostile-records', '08-quadratic-input', '09-etcd-full', '10-strangers', '11-segments', '12-lists'])
  .concat(['14-audit'])
  .map((name) => `tests/attack/${name}.test.ts`);

it('docs/security.md names tests and files that are there', () => {
  const page = readFileSync(new URL('docs/security.md', root), 'utf8');
  const tests = [...page.matchAll(/`((?:tests|packages|deploy)\/[\w./-]+\.(?:ts|sh))`/g)].map(([, path = '']) => path);
  const links = [...page.matchAll(/\]\((?!http)([^)#]+)\)/g)].map(([, path = '']) => `docs/${path}`);
  expect(tests.length).toBeGreaterThan(20);
  const missing = [...new Set([...tests, ...links])].filter((path) => !existsSync(fileURLToPath(new URL(path, root))));
  expect(missing.filter((path) => !awaited.includes(path))).toEqual([]);
});
