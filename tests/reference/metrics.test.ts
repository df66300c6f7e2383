import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { agentMetrics, tapMetrics } from '@taas/agent';
import { serverHistograms, serverMetrics } from '@taas/server/testing';
import { type HistogramDefinition, type MetricDefinition, processMetrics } from '@taas/service';
import { refusals, signatureMetrics } from '@taas/store';
import { expect, it } from 'vitest';
import { plain, tablesOf } from './markdown-table.js';

const page = readFileSync(fileURLToPath(new URL('../../docs/reference/metrics.md', import.meta.url)), 'utf8');
const tables = tablesOf(page);

const row = ({ name, type, labels, help }: MetricDefinition | HistogramDefinition) => [
  name,
  type,
  labels.join(', '),
  help,
];
const documented = (heading: string) => (tables.get(heading) ?? []).map((cells) => cells.map(plain)).sort();
const known = (...definitions: Readonly<Record<string, MetricDefinition | HistogramDefinition>>[]) =>
  definitions.flatMap((some) => Object.values(some).map(row)).sort();

it('docs/reference/metrics.md has every metric of the code, and no other', () => {
  expect(documented('Both programs')).toEqual(known(processMetrics, signatureMetrics));
  expect(documented('Server')).toEqual(known(serverMetrics, serverHistograms));
  expect(documented('Agent')).toEqual(known(agentMetrics));
  expect(documented('Each tap, by the agent of each of its nodes')).toEqual(known(tapMetrics));
});

it('has every reason for which a signature is refused, and no other', () => {
  const reasons = documented('Reasons for which a signature is refused').map(([reason]) => reason);
  expect(reasons).toEqual([...refusals].sort());
});

it('has no metric that no program shows', () => {
  // Where a definition is given to a program's metrics, by the name that it has in its table.
  const shown = ['service', 'store', 'server', 'agent'].flatMap((name) => {
    const folder = fileURLToPath(new URL(`../../packages/${name}/src`, import.meta.url));
    return readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('metrics.ts'))
      .map((file) => readFileSync(join(folder, file), 'utf8').replace(/^[\s\S]*as const satisfies/, ''));
  });
  for (const definitions of [processMetrics, signatureMetrics, serverMetrics, agentMetrics])
    for (const name of Object.keys(definitions))
      expect(
        shown.some((source) => source.includes(`Metrics.${name}`) || source.includes(`'${name}'`)),
        name,
      ).toBe(true);
});
