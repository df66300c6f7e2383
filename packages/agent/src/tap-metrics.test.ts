import type { StatisticsRecord } from '@taas/model';
import { Wanted } from '@taas/wiring';
import { expect, it } from 'vitest';
import { tapMetricsText } from './tap-metrics.js';

const id = (kind: string) => `${kind.repeat(8)}-0000-4000-8000-000000000001`;

it('shows the taps that are on the node now, each stage that is counted, and nothing of those that have left', () => {
  const wanted = new Wanted();
  const common = { v: 1, project_id: 'a "b"', id: id('f') } as const;
  const of = {
    tap_service_id: id('5'),
    source_port: id('a'),
    direction: 'OUT',
    vlan_filter: null,
  } as const;
  wanted.setFlow({ record: { ...common, ...of, filter: [], target: { type: 'local' } }, revision: 1 });
  const record = (_: string, tap: string): StatisticsRecord | null => ({
    ...{ v: 1, id: tap, since: 1, at: 1, final: false },
    stages: [
      { stage: 'seen', direction: 'OUT', packets: '18446744073709551615', bytes: '9' },
      { stage: 'copied', direction: 'OUT', packets: '18446744073709551613' },
      { stage: 'thinned', direction: 'OUT', packets: '4' },
    ],
    gaps: [{ cause: 'not_active', milliseconds: 1500, packets: '3' }],
  });
  const states = new Map([[`tap_flows/${id('f')}`, 'ACTIVE'] as const]) as never;
  const text = () => [...tapMetricsText(wanted, { record, states })].join('');
  const series = (name: string) =>
    text()
      .split('\n')
      .filter((line) => line.startsWith(`${name}{`))
      .map((line) => line.slice(name.length));
  const tap = `tap_flow="${id('f')}"`;
  const project = 'project="a \\"b\\""';
  expect(series('taas_flow_seen_packets_total')).toEqual([`{${tap},direction="OUT",${project}} 18446744073709551615`]);
  expect(series('taas_flow_copied_bytes_total')).toEqual([]);
  expect(series('taas_flow_unaccounted_packets')).toEqual([`{${tap},${project}} 2`]);
  expect(series('taas_flow_lost_packets_total')).toEqual([
    `{${tap},cause="not_mirrored",${project}} 3`,
    `{${tap},cause="thinned",${project}} 4`,
  ]);
  expect(series('taas_flow_gap_seconds_total')).toEqual([`{${tap},cause="not_active",${project}} 1.5`]);
  expect(series('taas_flow_state').map((line) => line.split('state=')[1])).toEqual(
    ['ACTIVE', 'PENDING', 'DOWN', 'ERROR'].map((state) => `"${state}",${project}} ${state === 'ACTIVE' ? 1 : 0}`),
  );
  expect(series('taas_flow_info')).toEqual([
    `{${tap},service="${id('5')}",source_port="${id('a')}",asked="OUT",${project}} 1`,
  ]);
  wanted.deleteFlow(id('f'));
  expect(text()).not.toContain(tap);
});
