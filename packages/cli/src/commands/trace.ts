import { findTap } from '../api/find-tap.js';
import { type Kind, kinds, type Tap, textOf } from '../api/kinds.js';
import { statisticsOf, type TapStatistics } from '../api/statistics.js';
import { isObject } from '../api/taas-api.js';
import { CliError } from '../exit-codes.js';
import { type Paint, painter } from '../output/colour.js';
import { formatValue } from '../output/format.js';
import { printable } from '../output/printable.js';
import { withProgress } from '../output/progress.js';
import { readPacket } from '../trace/packet.js';
import { type Hop, type PortFacts, pathOf, type TraceFacts } from '../trace/path.js';
import type { Context } from './context.js';

export interface TraceOptions {
  readonly kind?: Kind;
  readonly packet?: string;
  /** Seconds between the two polls of counters; absent: records alone. */
  readonly live?: number;
}

interface Traced {
  readonly tap: string;
  readonly hops: readonly Hop[];
  /** Packets that each stage has counted meanwhile. */
  readonly live?: readonly { readonly stage: string; readonly direction: string; readonly packets: string }[];
}

/** `taas trace`: where a packet would go. Of a tap service: by each of its tap flows. */
export async function trace(context: Context, nameOrId: string, { kind, packet, live }: TraceOptions): Promise<void> {
  const { host, options } = context;
  const wanted = packet === undefined ? null : readPacket(packet);
  const work = async () => {
    const facts = await tracedTaps(context, await findTap(context.api, nameOrId, kind && [kind]));
    return Promise.all(
      facts.map(async (each): Promise<Traced> => {
        const traced = { tap: `${kinds[each.tap.kind].title} ${each.tap.id}`, hops: pathOf(each, wanted) };
        return live === undefined ? traced : { ...traced, live: await moved(context, each.tap, live) };
      }),
    );
  };
  const all = await withProgress(host, () => 'tracing', work());
  const { format } = options;
  if (format === 'json' || format === 'yaml') host.terminal.out(formatValue(all, format));
  else host.terminal.out(all.map((each) => text(each, painter(host))).join('\n'));
}

async function tracedTaps(context: Context, tap: Tap): Promise<TraceFacts[]> {
  const { api } = context;
  const source = (of: Tap) => portFacts(context, textOf(of, of.kind === 'flow' ? 'source_port' : 'port_id'));
  if (tap.kind === 'mirror') return [{ tap, service: null, collector: null, source: await source(tap) }];
  const serviceId = tap.kind === 'service' ? tap.id : textOf(tap, 'tap_service_id');
  const service = tap.kind === 'service' ? tap : await api.find('service', serviceId);
  const flows = tap.kind === 'service' ? await api.list('flow', { tap_service_id: tap.id }) : [tap];
  const own = flows.filter((flow) => textOf(flow, 'tap_service_id') === serviceId);
  if (own.length === 0)
    throw new CliError('not_found', `the tap service ${tap.id} has no tap flows, so nothing is copied to it`);
  const collector = service === null ? null : await portFacts(context, textOf(service, 'port_id'));
  return Promise.all(own.map(async (flow) => ({ tap: flow, service, collector, source: await source(flow) })));
}

const nothing: Readonly<Record<string, unknown>> = {};

/** What Neutron tells the caller; a server without Neutron tells nothing, and others' ports are not shown. */
async function portFacts({ api }: Context, id: string): Promise<PortFacts> {
  const answer = await api.get(`/v2.0/ports/${encodeURIComponent(id)}`).catch((error: unknown) => {
    if (error instanceof CliError && (error.outcome === 'not_found' || error.outcome === 'refused')) return nothing;
    throw error;
  });
  const { port } = answer;
  const { name, 'binding:host_id': bound, fixed_ips } = isObject(port) ? port : nothing;
  const addresses = (Array.isArray(fixed_ips) ? fixed_ips : []).flatMap((each: unknown) =>
    isObject(each) && typeof each['ip_address'] === 'string' ? [each['ip_address']] : [],
  );
  const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value : null);
  return { id, name: text(name), host: text(bound), addresses };
}

/** What the stages of a tap have counted within some seconds. */
async function moved({ api }: Context, tap: Tap, seconds: number): Promise<NonNullable<Traced['live']>> {
  const before = (await statisticsOf(api, tap.kind, tap.id)).figures;
  await api.session.pause(seconds * 1000);
  const after = (await statisticsOf(api, tap.kind, tap.id)).figures;
  const own = difference(before, after);
  return after.service === null
    ? own
    : [
        ...own,
        ...difference(before.service, after.service).map((each) => ({ ...each, stage: `service ${each.stage}` })),
      ];
}

function difference(before: TapStatistics | null, after: TapStatistics) {
  return after.stages.map(({ stage, direction, packets }) => {
    const was = before?.stages.find((each) => each.stage === stage && each.direction === direction)?.packets;
    return { stage, direction, packets: was === undefined ? 'not known' : String(packets - was) };
  });
}

const marks = { passes: ['green', 'passes'], stops: ['red', 'STOPS'], depends: ['yellow', 'depends'] } as const;

function text({ tap, hops, live }: Traced, paint: Paint): string {
  const lines = hops.map(({ at, outcome, says }) => {
    const [colour, word] = marks[outcome];
    return `  ${at.padEnd(12)}  ${paint(colour, word.padEnd(7))}  ${printable(says)}`;
  });
  const counted = (live ?? []).map(
    ({ stage, direction, packets }) => `  ${stage.padEnd(20)}  ${printable(direction).padEnd(4)}  ${packets} packets`,
  );
  return `${[printable(tap), ...lines, ...(live === undefined ? [] : ['  counted meanwhile:', ...counted])].join('\n')}\n`;
}
