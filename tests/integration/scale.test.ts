import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { scaleMain } from '../scale/main.js';

const directory = mkdtempSync(join(tmpdir(), 'taas-scale-test-'));
const out = join(directory, 'scale.json');
const printed: string[] = [];
let code: number;

// Few nodes, all that runs in a run of a thousand.
beforeAll(async () => {
  const size = [
    '--nodes',
    '12',
    '--flows',
    '10',
    '--churn',
    '10',
    '--seconds',
    '4',
    '--processes',
    '2',
    '--lease',
    '3',
  ];
  const only = ['--only', 'reads,churn,leader-dies,reconnect,flap,mixed-versions,evacuation,big-tenant'];
  code = await scaleMain([...size, ...only, '--election', '3', '--out', out], (line) => printed.push(line));
}, 900_000);
afterAll(() => rmSync(directory, { recursive: true, force: true }));

it('keeps every count, size and ratio of a small cloud within its bound', () => {
  expect({ broken: printed.filter((line) => line.includes('BROKEN')), code }).toEqual({ broken: [], code: 0 });
});

it('writes what it has measured, with bounds for each scenario', () => {
  const { figures } = JSON.parse(readFileSync(out, 'utf8')) as {
    readonly figures: readonly { readonly scenario: string; readonly count: number; readonly most?: number }[];
  };
  const bounded = figures.filter(({ most, count }) => most !== undefined && count > 0);
  expect([...new Set(bounded.map(({ scenario }) => scenario))].sort()).toEqual(
    [
      'big-tenant',
      'churn',
      'evacuation',
      'first-start',
      'flap',
      'leader-dies',
      'mixed-versions',
      'reads',
      'reconnect',
    ].sort(),
  );
});
