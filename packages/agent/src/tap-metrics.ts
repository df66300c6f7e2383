import {
  type LossCause,
  lossStages,
  packetsAt,
  type ResourceKind,
  type StageCount,
  stageFacts,
  stages,
  unaccounted,
} from '@taas/model';
import { labelText, type MetricDefinition, metricText, type TextSample } from '@taas/service';
import type { Wanted } from '@taas/wiring';
import type { Counting } from './statistics/counting.js';

interface Kind {
  readonly kind: ResourceKind;
  /** As metrics are called. */
  readonly word: 'flow' | 'service' | 'mirror';
}

const kinds: readonly Kind[] = [
  { kind: 'tap_flows', word: 'flow' },
  { kind: 'tap_services', word: 'service' },
  { kind: 'tap_mirrors', word: 'mirror' },
];

const states = ['ACTIVE', 'PENDING', 'DOWN', 'ERROR'] as const;

function definitionsOf({ kind, word }: Kind): Readonly<Record<string, MetricDefinition>> {
  const id = `tap_${word}`;
  const found: Record<string, MetricDefinition> = {};
  for (const stage of stages) {
    const { what, of } = stageFacts(stage);
    const metered = of[kind];
    if (!metered) continue;
    for (const unit of metered === 'packets and bytes' ? (['packets', 'bytes'] as const) : (['packets'] as const))
      found[`${word} ${stage} ${unit}`] = {
        name: `taas_${word}_${stage}_${unit}_total`,
        help: `${unit === 'packets' ? 'Frames' : 'Bytes of frames'} ${what}.`,
        type: 'counter',
        labels: [id, 'direction', 'project'],
      };
  }
  const gauge = (help: string, name: string, labels: readonly string[]): MetricDefinition => ({
    ...{ name: `taas_${word}_${name}`, help, type: 'gauge', labels: [id, ...labels, 'project'] },
  });
  found[`${word} lost`] = {
    name: `taas_${word}_lost_packets_total`,
    help: 'Frames that were asked for and are known not to have been copied on, by cause.',
    type: 'counter',
    labels: [id, 'cause', 'project'],
  };
  found[`${word} gap`] = {
    name: `taas_${word}_gap_seconds_total`,
    help: 'Time in which the tap was wanted on the node and not ACTIVE, by cause.',
    type: 'counter',
    labels: [id, 'cause', 'project'],
  };
  found[`${word} unaccounted`] = gauge(
    'Frames that came in and of which no counter says where they went: 0 once traffic pauses.',
    'unaccounted_packets',
    [],
  );
  found[`${word} state`] = gauge('1 for the state that the tap has on the node, 0 for the others.', 'state', ['state']);
  found[`${word} info`] = gauge(
    'Always 1; the labels say what the tap is.',
    'info',
    word === 'flow' ? ['service', 'source_port', 'asked'] : ['port'],
  );
  return found;
}

/** What an agent shows of each tap on its node, with `metrics.per_tap`. */
export const tapMetrics: Readonly<Record<string, MetricDefinition>> = Object.assign({}, ...kinds.map(definitionsOf));

interface Shown {
  readonly labels: string;
  readonly project: string;
  readonly idLabel: string;
  readonly state: string | undefined;
  readonly info: string;
  readonly counts: readonly StageCount[];
  readonly gaps: NonNullable<ReturnType<Counting['record']>>['gaps'];
}

/** As many taps are gathered in one go. */
const gatheredAtOnce = 500;

/** The series of all taps that are on the node now, for {@link Metrics.exposeText}. */
export function* tapMetricsText(wanted: Wanted, counting: Pick<Counting, 'record' | 'states'>): Generator<string> {
  for (const kind of kinds) {
    const taps: Shown[] = [];
    let n = 0;
    for (const each of tapsOf(kind, wanted)) {
      const record = counting.record(kind.kind, each.id, false);
      const idLabel = labelText({ [`tap_${kind.word}`]: each.id });
      const project = labelText({ project: each.project });
      taps.push({
        ...{ labels: `${idLabel},${project}`, idLabel, project, info: labelText(each.info) },
        state: counting.states.get(`${kind.kind}/${each.id}`),
        counts: record?.stages ?? [],
        gaps: record?.gaps ?? [],
      });
      if (++n % gatheredAtOnce === 0) yield '';
    }
    for (const [key, definition] of Object.entries(definitionsOf(kind)))
      yield* metricText(definition, samplesOf(key.split(' '), taps));
  }
}

function* samplesOf([, what = '', unit]: readonly string[], taps: readonly Shown[]): Generator<TextSample> {
  for (const tap of taps) {
    if (what === 'info') yield { labels: `${tap.idLabel},${tap.info},${tap.project}`, value: 1 };
    else if (what === 'state')
      for (const state of states)
        yield { labels: `${tap.idLabel},state="${state}",${tap.project}`, value: tap.state === state ? 1 : 0 };
    else if (what === 'unaccounted') {
      const value = unaccounted(tap.counts);
      if (value !== null) yield { labels: tap.labels, value };
    } else if (what === 'gap')
      for (const { cause, milliseconds } of tap.gaps)
        yield { labels: `${tap.idLabel},cause="${cause}",${tap.project}`, value: milliseconds / 1000 };
    else if (what === 'lost') yield* lossSamples(tap);
    else
      for (const { stage, direction, packets, bytes } of tap.counts) {
        if (stage !== what) continue;
        const value = unit === 'bytes' ? bytes : packets;
        // As it is written: it is a whole number of up to 64 bits.
        if (value !== undefined)
          yield { labels: `${tap.idLabel},direction="${direction}",${tap.project}`, value: BigInt(value) };
      }
  }
}

function* lossSamples(tap: Shown): Generator<TextSample> {
  const missed = tap.gaps.flatMap(({ packets }) => (packets === undefined ? [] : BigInt(packets)));
  const causes: readonly (readonly [cause: LossCause, lost: bigint | null])[] = [
    ['not_mirrored', missed.length === 0 ? null : missed.reduce((sum, each) => sum + each, 0n)],
    ...lossStages.map(([stage, cause]) => [cause, packetsAt(tap.counts, stage)] as const),
  ];
  for (const [cause, value] of causes)
    if (value !== null) yield { labels: `${tap.idLabel},cause="${cause}",${tap.project}`, value };
}

function* tapsOf(
  { kind }: Kind,
  wanted: Wanted,
): Generator<{ readonly id: string; readonly project: string; readonly info: Readonly<Record<string, string>> }> {
  if (kind === 'tap_flows')
    for (const { record } of wanted.flows()) {
      const { id, project_id: project, tap_service_id: service, source_port, direction } = record;
      if (!record.removed) yield { id, project, info: { service, source_port, asked: direction } };
    }
  if (kind === 'tap_mirrors')
    for (const { record } of wanted.mirrors.all())
      if (!record.removed) yield { id: record.id, project: record.project_id, info: { port: record.port_id } };
  if (kind !== 'tap_services') return;
  for (const id of wanted.serviceIds()) {
    const own = wanted.service(id)?.record;
    if (own?.removed) continue;
    // Where its collector is elsewhere, only its flows say whose it is.
    const [flow = ''] = wanted.flowsOf(id);
    const project = own?.project_id ?? wanted.lastKnown(flow)?.record.project_id ?? '';
    yield { id, project, info: { port: own?.port_id ?? '' } };
  }
}
