import { readdirSync, readFileSync } from 'node:fs';
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

interface Source {
  readonly file: string;
  readonly text: string;
}

/** All that may give a code, by its path below `packages`; the list of codes itself does not. */
const sources: readonly Source[] = ['model', 'wiring', 'agent', 'server'].flatMap((name) =>
  readdirSync(path(`../../packages/${name}/src`), { recursive: true, encoding: 'utf8' })
    .filter((file) => /(?<!\.test|\.suite)\.ts$/.test(file) && !file.startsWith('testing/'))
    .map((file) => `${name}/src/${file}`)
    .map((file) => ({ file, text: readFileSync(path(`../../packages/${file}`), 'utf8') })),
);
const giving = (code: string) =>
  sources.filter(({ file, text }) => file !== 'model/src/status-code.ts' && text.includes(`'${code}'`));

it('has no code that nothing gives', () => {
  // An agent's code that is not known becomes this one, where the codes are.
  const codes = Object.keys(statusCodes).filter((code) => code !== 'unspecified');
  expect(codes.filter((code) => giving(code).length === 0)).toEqual([]);
});

it('docs/where-status-is-decided.md has each code, with each file that gives it', () => {
  const page = tablesOf(readFileSync(path('../../docs/where-status-is-decided.md'), 'utf8'));
  const rows = [...page.values()].flat().map(([code = '', files = '']) => ({
    code: plain(code),
    files: files.split(', ').map(plain),
  }));
  expect(rows.map(({ code }) => code).sort()).toEqual(Object.keys(statusCodes).sort());
  const known = new Set(sources.map(({ file }) => file));
  for (const { code, files } of rows) {
    expect(files, code).toEqual(expect.arrayContaining(giving(code).map(({ file }) => file)));
    expect(
      files.filter((file) => !known.has(file)),
      code,
    ).toEqual([]);
  }
});
