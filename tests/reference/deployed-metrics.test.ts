import { readFileSync } from 'node:fs';
import * as agent from '@taas/agent';
import { serverHistograms, serverMetrics } from '@taas/server/testing';
import { type MetricDefinition, processMetrics } from '@taas/service';
import { signatureMetrics } from '@taas/store';
import { expect, it } from 'vitest';

const read = (path: string) => readFileSync(new URL(`../../deploy/${path}`, import.meta.url), 'utf8');

/** What agents show of each tap and of VPP. */
const { tapMetrics = null } = agent as { readonly tapMetrics?: Readonly<Record<string, MetricDefinition>> };
/** An agent of before it counted has none of these. */
const isCounted = (name: string) => /^taas_(flow|service|mirror|vpp)_/.test(name);

const definitions = [processMetrics, signatureMetrics, serverMetrics, agent.agentMetrics, tapMetrics ?? {}];
const known = new Set([
  ...definitions.flatMap((some) => Object.values(some).map(({ name }) => name)),
  ...Object.values(serverHistograms).flatMap(({ name }) => ['bucket', 'count', 'sum'].map((part) => `${name}_${part}`)),
]);

/** Names in expressions of PromQL that are ours. */
const namesIn = (expression: string) => expression.match(/\btaas_[a-z0-9_]+|\bprocess_[a-z_]+|\bnodejs_[a-z_]+/g) ?? [];

function unknownIn(expressions: readonly string[]): readonly string[] {
  expect(expressions.length).toBeGreaterThan(9);
  const names = expressions.flatMap(namesIn);
  expect(names.length).toBeGreaterThanOrEqual(expressions.length - 1);
  return names.filter((name) => !known.has(name) && (tapMetrics !== null || !isCounted(name)));
}

it('every metric of the alert rules is one that a program shows', () => {
  const rules = read('prometheus/taas.rules.yml');
  const expressions = rules.match(/(?<=expr: )[^|\n][^\n]*|(?<=expr: \|\n)(?: {10}.*\n)+/g) ?? [];
  expect(expressions).toHaveLength((rules.match(/- alert:/g) ?? []).length);
  expect(unknownIn(expressions)).toEqual([]);
});

interface Panel {
  readonly id: number;
  readonly title: string;
  readonly targets?: readonly { readonly expr: string }[];
}
interface Board {
  readonly panels: readonly Panel[];
  readonly templating: {
    readonly list: readonly { readonly name: string; readonly query: string | { query: string } }[];
  };
}

it('every metric of the board is one that a program shows, and every variable in it is there', () => {
  const board = JSON.parse(read('grafana/taas.json')) as Board;
  const expressions = board.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
  const queries = board.templating.list.map(({ query }) => (typeof query === 'string' ? query : query.query));
  expect(unknownIn([...expressions, ...queries])).toEqual([]);
  const variables = new Set([...board.templating.list.map(({ name }) => name), '__rate_interval']);
  for (const expression of expressions)
    for (const [, name = ''] of expression.matchAll(/\$(\w+)/g)) expect(variables).toContain(name);
  expect(new Set(board.panels.map(({ id }) => id)).size).toBe(board.panels.length);
});

it('knows a metric that no program shows when it meets one', () => {
  expect(unknownIn([...Array.from({ length: 10 }, () => 'taas_leader'), 'rate(taas_made_up_total[5m])'])).toEqual([
    'taas_made_up_total',
  ]);
});
