import { findTap } from '../api/find-tap.js';
import { type Kind, kinds } from '../api/kinds.js';
import { type Plan, readPlan } from '../api/plan.js';
import { statisticsOf } from '../api/statistics.js';
import { isObject } from '../api/taas-api.js';
import { exitCodes } from '../exit-codes.js';
import { formatValue } from '../output/format.js';
import { printable } from '../output/printable.js';
import { withProgress } from '../output/progress.js';
import { planText } from '../plan/plan-text.js';
import { directionsOf, type SourceRate, sourceRate, type Unknown } from '../plan/source-rate.js';
import type { Context } from './context.js';
import {
  type NewFlow,
  type NewMirror,
  type NewTap,
  type Wanted,
  wantedFlow,
  wantedMirror,
  wantedService,
} from './create.js';

interface RateOption {
  /** Whether to look how much the source sends now. */
  readonly rate?: boolean;
}

/** `taas plan create service`. @returns the exit code */
export async function planService(context: Context, options: NewTap): Promise<number> {
  return planCreate(context, await wantedService(context, options), false);
}

/** `taas plan create flow`. @returns the exit code */
export async function planFlow(context: Context, options: NewFlow & RateOption): Promise<number> {
  return planCreate(context, await wantedFlow(context, options), options.rate !== false);
}

/** `taas plan create mirror`. @returns the exit code */
export async function planMirror(context: Context, options: NewMirror & RateOption): Promise<number> {
  return planCreate(context, await wantedMirror(context, options), options.rate !== false);
}

/** `taas plan delete`: all that are named are found before the first is planned. @returns the exit code */
export async function planDelete(
  context: Context,
  names: readonly string[],
  { kind }: { readonly kind?: Kind },
): Promise<number> {
  const { host, api } = context;
  const work = async () => {
    const taps = await Promise.all(names.map((name) => findTap(api, name, kind && [kind])));
    const documents: Readonly<Record<string, unknown>>[] = [];
    for (const tap of new Map(taps.map((each) => [each.id, each])).values())
      documents.push(await api.plan({ delete: { [kinds[tap.kind].resource]: tap.id } }));
    return documents;
  };
  const documents = await withProgress(host, () => 'planning', work());
  const plans = documents.map(readPlan);
  const { format } = context.options;
  if (format === 'json' || format === 'yaml') host.terminal.out(formatValue(documents, format));
  else host.terminal.out(plans.map((plan) => (format === 'value' ? stepLines(plan) : planText(plan, null))).join('\n'));
  return codeOf(plans);
}

async function planCreate(context: Context, { kind, attributes }: Wanted, withRate: boolean): Promise<number> {
  const { host, api, options } = context;
  const asked = api.plan({ create: { [kinds[kind].resource]: attributes } });
  const document = await withProgress(host, () => 'planning', asked);
  const plan = readPlan(document);
  const counter = plan.taps[0]?.copying?.countedBy ?? null;
  const rate =
    withRate && counter !== null
      ? await withProgress(host, () => 'looking what the source sends', lookTwice(context, counter, attributes))
      : null;
  const { format } = options;
  if (format === 'json' || format === 'yaml') host.terminal.out(formatValue(withForecast(document, rate), format));
  else host.terminal.out(format === 'value' ? stepLines(plan) : planText(plan, rate));
  return codeOf([plan]);
}

const codeOf = (plans: readonly Plan[]): number =>
  plans.some(({ changes }) => changes) ? exitCodes.unknown.code : exitCodes.done.code;

/** Agents look every 5 s while somebody asks, and write what has not changed when it is 8 s old. */
const newerMs = 5_000;
const looks = 4;

async function lookTwice(
  { api }: Context,
  counter: { readonly kind: Kind; readonly id: string },
  attributes: Wanted['attributes'],
): Promise<SourceRate | Unknown> {
  const look = async () => (await statisticsOf(api, counter.kind, counter.id)).figures;
  const directions = directionsOf(attributes);
  const before = await look();
  let rate: SourceRate | Unknown = { unknown: 'no newer figures have come in time' };
  for (let n = 0; n < looks && 'unknown' in rate; n += 1) {
    await api.session.pause(newerMs);
    rate = sourceRate(before, await look(), directions);
  }
  return rate;
}

/** The server's document, with what was looked up in the place that it has for it. */
function withForecast(document: Readonly<Record<string, unknown>>, rate: SourceRate | Unknown | null): unknown {
  const { taps } = document;
  if (rate === null || !Array.isArray(taps)) return document;
  const figures =
    'unknown' in rate
      ? { reason: rate.unknown }
      : { packets_per_second: rate.packetsPerSecond, bits_per_second: rate.bitsPerSecond };
  const filled = taps.map((tap: unknown) => {
    if (!isObject(tap) || !isObject(tap['copying'])) return tap;
    const { forecast } = tap['copying'];
    return { ...tap, copying: { ...tap['copying'], forecast: { ...Object(forecast), ...figures } } };
  });
  return { ...document, taps: filled };
}

/** For shells: a line for each step of a node. */
const stepLines = ({ nodes }: Plan): string =>
  nodes
    .flatMap(({ node, change, kind, steps }) => steps.map((step) => [node, change, kind, step]))
    .map((line) => `${line.map(printable).join('\t')}\n`)
    .join('');
