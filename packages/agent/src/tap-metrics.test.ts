import { Wanted } from '@taas/wiring';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Figures } from './statistics/tap-totals.js';
import { TapMetricsText } from './tap-metrics.js';

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
  const figures = (): Figures => ({
    since: 1,
    stages: [
      { stage: 'seen', direction: 'OUT', packets: '18446744073709551615', bytes: '9' },
      { stage: 'copied', direction: 'OUT', packets: '18446744073709551613' },
      { stage: 'thinned', direction: 'OUT', packets: '4' },
    ],
    gaps: [{ cause: 'not_active', milliseconds: 1500, packets: '3' }],
  });
  const states = new Map([[`tap_flows/${id('f')}`, 'ACTIVE'] as const]) as never;
  const metrics = new TapMetricsText({ figures, states });
  const text = () => [...metrics.text(wanted)].join('');
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

it('is in Prometheus text format: each metric named and typed once, before its lines, and nothing else', () => {
  const wanted = new Wanted();
  for (let n = 1; n <= 300; n++)
    wanted.setFlow({
      record: {
        ...{ v: 1, id: `ffffffff-0000-4000-8000-${String(n).padStart(12, '0')}`, project_id: 'a\\ "b"\n', filter: [] },
        ...{ tap_service_id: id('5'), source_port: id('a'), direction: 'OUT', vlan_filter: null },
        target: { type: 'local' },
      },
      revision: n,
    });
  const figures = (): Figures => ({
    since: 1,
    stages: [{ stage: 'seen', direction: 'OUT', packets: '18446744073709551615', bytes: '9' }],
    gaps: [{ cause: 'not_active', milliseconds: 1500, packets: '3' }],
  });
  const slices = [...new TapMetricsText({ figures, states: new Map() }).text(wanted)];
  expect(slices.filter((slice) => slice !== '').every((slice) => slice.endsWith('\n'))).toBe(true);
  const typed = new Set<string>();
  let current = '';
  for (const line of slices.join('').split('\n').slice(0, -1)) {
    const type = /^# TYPE (\w+) (counter|gauge)$/.exec(line)?.[1];
    if (type !== undefined) {
      expect(typed.has(type)).toBe(false);
      typed.add(type);
      current = type;
    } else if (!line.startsWith('# HELP ')) {
      const label = String.raw`[a-z_]+="(?:[^"\\\n]|\\[\\"n])*"`;
      expect(line).toMatch(new RegExp(String.raw`^${current}\{${label}(?:,${label})*\} -?\d+(?:\.\d+)?$`));
    }
  }
  expect(typed.has('taas_flow_seen_packets_total')).toBe(true);
});

it('keeps nothing from scrape to scrape that is not so any more', () => {
  const n = fc.integer({ min: 1, max: 3 });
  const uuid = (kind: string, of: number) => `${kind.repeat(8)}-0000-4000-8000-00000000000${of}`;
  const state = fc.constantFrom('ACTIVE' as const, 'PENDING' as const, 'ERROR' as const, undefined);
  const event = fc.oneof(
    fc.record({ do: fc.constant('flow' as const), n, of: n, project: n, removed: fc.boolean() }),
    fc.record({ do: fc.constant('service' as const), n, project: n, removed: fc.boolean() }),
    fc.record({ do: fc.constantFrom('no-flow' as const, 'no-service' as const), n }),
    fc.record({ do: fc.constant('state' as const), n, state }),
    fc.record({ do: fc.constant('count' as const), n, packets: fc.nat(1000) }),
  );
  fc.assert(
    fc.property(fc.array(event, { maxLength: 20 }), (events) => {
      const wanted = new Wanted();
      const [states, packets] = [new Map<string, string>(), new Map<string, number>()];
      const counting = {
        states: states as never,
        figures: (_: string, tap: string): Figures => ({
          ...{ since: 1, gaps: [] },
          stages: [{ stage: 'seen', direction: 'OUT', packets: String(packets.get(tap) ?? 0) }],
        }),
      };
      const kept = new TapMetricsText(counting);
      for (const each of events) {
        const gone = 'removed' in each && each.removed ? { removed: true as const } : {};
        const [flow, service] = [uuid('f', each.n), uuid('5', each.n)];
        if (each.do === 'flow')
          wanted.setFlow({
            record: {
              ...{ v: 1, id: flow, project_id: `p${each.project}`, tap_service_id: uuid('5', each.of), ...gone },
              ...{ source_port: id('a'), direction: 'OUT', vlan_filter: null, filter: [], target: { type: 'local' } },
            },
            revision: 1,
          });
        if (each.do === 'service')
          wanted.setService({
            record: { v: 1, id: service, project_id: `p${each.project}`, port_id: id('b'), inputs: [], ...gone },
            revision: 1,
          });
        if (each.do === 'no-flow') wanted.deleteFlow(flow);
        if (each.do === 'no-service') wanted.deleteService(service);
        if (each.do === 'state')
          for (const tap of [`tap_flows/${flow}`, `tap_services/${service}`])
            if (each.state) states.set(tap, each.state);
            else states.delete(tap);
        if (each.do === 'count') packets.set(flow, each.packets);
        expect([...kept.text(wanted)].join('')).toBe([...new TapMetricsText(counting).text(wanted)].join(''));
      }
    }),
  );
});
