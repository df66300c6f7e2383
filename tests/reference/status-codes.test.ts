import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { statusCodes } from '@taas/model';
import { expect, it } from 'vitest';
import { plain, tablesOf } from './markdown-table.js';

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
const tables = tablesOf(readFileSync(path('../../docs/reference/status-codes.md'), 'utf8'));

it('docs/reference/status-codes.md has every code with its statuses, and no other', () => {
  const documented = [...tables.values()].flat().map(([code, statuses]) => [plain(code), plain(statuses)]);
  const known = Object.entries(statusCodes).map(([code, statuses]) => [code, statuses.join(', ')]);
  expect(documented.sort()).toEqual(known.sort());
});

it('says of every code what it means and what to do', () => {
  for (const row of [...tables.values()].flat()) expect(row.filter((cell) => cell !== '')).toHaveLength(4);
});

it('has no code that nothing gives', () => {
  const sources = ['model', 'wiring', 'agent', 'server'].flatMap((name) => {
    const folder = path(`../../packages/${name}/src`);
    return readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((file) => /(?<!\.test|\.suite)\.ts$/.test(file))
      .map((file) => readFileSync(join(folder, file), 'utf8'));
  });
  const given = Object.keys(statusCodes).filter((code) => sources.some((source) => source.includes(`'${code}'`)));
  expect(given.sort()).toEqual(Object.keys(statusCodes).sort());
});
