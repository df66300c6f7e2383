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
import { labelText, type MetricDefinition, metricLines, sampleLines } from '@taas/service';
import type { Wanted } from '@taas/wiring';
import type { Counting } from './statistics/counting.js';
import type { Figures } from './statistics/tap-totals.js';

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

/** What of a tap's lines is the same for as long as it has the same record. */
interface Labels {
  readonly labels: string;
  readonly project: string;
  readonly idLabel: string;
  readonly info: string;
  /** With a direction: most lines have one. */
  readonly directed: Readonly<Record<StageCount['direction'], string>>;
  /** The lines of its state, as it was at the last scrape. */
  state: { readonly is: string | undefined; readonly lines: string } | null;
}

interface Shown {
  readonly kept: Labels;
  readonly state: string | undefined;
  readonly counts: Figures['stages'];
  readonly gaps: Figures['gaps'];
}

/** As many taps are gathered in one go: a millisecond's work. */
const gatheredAtOnce = 25;

const families = kinds.map((kind) => ({
  kind,
  definitions: Object.entries(definitionsOf(kind)).map(([key, definition]) => ({ definition, of: key.split(' ') })),
}));

/** The series of all taps that are on the node, for {@link Metrics.exposeText}. What a record alone says is kept from scrape to scrape. */
export class TapMetricsText {
  /** By the records, which are never changed. */
  readonly #kept = new WeakMap<object, Labels>();

  constructor(private readonly counting: Pick<Counting, 'figures' | 'states'>) {}

  /** As it is now. */
  *text(wanted: Wanted): Generator<string> {
    for (const { kind, definitions } of families) {
      const taps: Shown[] = [];
      for (const each of tapsOf(kind, wanted)) {
        const figures = this.counting.figures(kind.kind, each.id);
        taps.push({
          kept: this.#labels(kind, each),
          state: this.counting.states.get(`${kind.kind}/${each.id}`),
          counts: figures?.stages ?? [],
          gaps: figures?.gaps ?? [],
        });
        if (taps.length % gatheredAtOnce === 0) yield '';
      }
      for (const { definition, of } of definitions) yield* metricLines(definition, taps, linesOf(definition.name, of));
    }
  }

  #labels(kind: Kind, { record, id, project, info }: Tap): Labels {
    const known = record && this.#kept.get(record);
    if (known) return known;
    const idLabel = labelText({ [`tap_${kind.word}`]: id });
    const projectLabel = labelText({ project });
    const both = `${idLabel},${projectLabel}`;
    // Joined, a text is in one piece; what is added together is put together anew at each scrape.
    const directed = (direction: string) => [idLabel, `direction="${direction}"`, projectLabel].join(',');
    const labels: Labels = {
      idLabel,
      project: projectLabel,
      labels: both,
      info: labelText(info),
      state: null,
      directed: { IN: directed('IN'), OUT: directed('OUT'), BOTH: directed('BOTH') },
    };
    if (record) this.#kept.set(record, labels);
    return labels;
  }
}

/** How one metric's lines of a tap are made. */
function linesOf(name: string, [, what = '', unit]: readonly string[]): (tap: Shown) => string {
  const sample = sampleLines(name);
  const line = ({ kept }: Shown, label: string, value: number | bigint | string): string =>
    sample(`${kept.idLabel},${label},${kept.project}`, value);
  switch (what) {
    case 'info':
      return (tap) => line(tap, tap.kept.info, 1);
    case 'state':
      return (tap) => {
        if (tap.kept.state?.is === tap.state && tap.kept.state) return tap.kept.state.lines;
        const lines = states.map((state) => line(tap, `state="${state}"`, tap.state === state ? 1 : 0)).join('');
        tap.kept.state = { is: tap.state, lines };
        return lines;
      };
    case 'unaccounted':
      return ({ kept, counts }) => {
        const value = unaccounted(counts);
        return value === null ? '' : sample(kept.labels, value);
      };
    case 'gap':
      return (tap) => joined(tap.gaps, ({ cause, milliseconds }) => line(tap, `cause="${cause}"`, milliseconds / 1000));
    case 'lost':
      return (tap) => joined(lossesOf(tap), ([cause, value]) => line(tap, `cause="${cause}"`, value));
    default:
      return ({ kept, counts }) => {
        let lines = '';
        for (const each of counts) {
          if (each.stage !== what) continue;
          // As it is written: it is a whole number of up to 64 bits.
          const value = unit === 'bytes' ? each.bytes : each.packets;
          if (value !== undefined) lines += sample(kept.directed[each.direction], value);
        }
        return lines;
      };
  }
}

function joined<T>(items: readonly T[], text: (item: T) => string): string {
  let all = '';
  for (const item of items) all += text(item);
  return all;
}

function lossesOf({ counts, gaps }: Shown): (readonly [cause: LossCause, lost: bigint])[] {
  const losses: (readonly [LossCause, bigint])[] = [];
  let missed: bigint | null = null;
  for (const { packets } of gaps) if (packets !== undefined) missed = (missed ?? 0n) + BigInt(packets);
  if (missed !== null) losses.push(['not_mirrored', missed]);
  for (const [stage, cause] of lossStages) {
    const lost = packetsAt(counts, stage);
    if (lost !== null) losses.push([cause, lost]);
  }
  return losses;
}

interface Tap {
  /** Its record; undefined: it has none here. */
  readonly record: object | undefined;
  readonly id: string;
  readonly project: string;
  readonly info: Readonly<Record<string, string>>;
}

function* tapsOf({ kind }: Kind, wanted: Wanted): Generator<Tap> {
  if (kind === 'tap_flows')
    for (const { record } of wanted.flows()) {
      const { id, project_id: project, tap_service_id: service, source_port, direction } = record;
      if (!record.removed) yield { record, id, project, info: { service, source_port, asked: direction } };
    }
  if (kind === 'tap_mirrors')
    for (const { record } of wanted.mirrors.all())
      if (!record.removed) yield { record, id: record.id, project: record.project_id, info: { port: record.port_id } };
  if (kind !== 'tap_services') return;
  for (const id of wanted.serviceIds()) {
    const own = wanted.service(id)?.record;
    if (own?.removed) continue;
    // Where its collector is elsewhere, only its flows say whose it is.
    const [flow = ''] = wanted.flowsOf(id);
    const project = own?.project_id ?? wanted.lastKnown(flow)?.record.project_id ?? '';
    yield { record: own, id, project, info: { port: own?.port_id ?? '' } };
  }
}
