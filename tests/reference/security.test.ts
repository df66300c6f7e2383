import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const root = new URL('../../', import.meta.url);

it('docs/security.md names tests and files that are there', () => {
  const page = readFileSync(new URL('docs/security.md', root), 'utf8');
  const tests = [...page.matchAll(/`((?:tests|packages|deploy)\/[\w./-]+\.(?:ts|sh))`/g)].map(([, path = '']) => path);
  const links = [...page.matchAll(/\]\((?!http)([^)#]+)\)/g)].map(([, path = '']) => `docs/${path}`);
  expect(tests.length).toBeGreaterThan(20);
  const missing = [...new Set([...tests, ...links])].filter((path) => !existsSync(fileURLToPath(new URL(path, root))));
  expect(missing).toEqual([]);
});
