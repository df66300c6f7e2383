import type { Plan, PlannedTap } from '../api/plan.js';
import { printable } from '../output/printable.js';
import { table } from '../output/table.js';
import type { SourceRate, Unknown } from './source-rate.js';

/** A plan for people. @param rate of the source, if one was looked for */
export function planText(plan: Plan, rate: SourceRate | Unknown | null): string {
  const { change, kind, changes, taps, nodes, nodesInAll, quotas } = plan;
  const head = `${change} ${kind}: ${changes ? 'would change what follows' : 'nothing would change'}`;
  const fields = taps.flatMap((tap) => tapFields(tap, rate));
  const steps = nodes.flatMap((each) => each.steps.map((step) => [each.node, each.change, each.kind, step]));
  const left = nodesInAll - nodes.length;
  const limits = (quotas ?? []).map(
    ({ resource, limit, used, after }) => `${resource} ${used}, then ${after}, of ${limit < 0 ? 'any number' : limit}`,
  );
  const rows = [
    ...fields,
    ...limits.map((each) => ['quota', each]),
    ...plan.unknown.flatMap(({ what, reason }) => (what === 'rates' ? [] : [['not known', `${what}: ${reason}`]])),
  ];
  return [
    `${printable(head)}\n`,
    rows.length === 0
      ? ''
      : table(
          ['field', 'value'],
          rows.map((row) => row.map(printable)),
        ),
    steps.length === 0
      ? ''
      : `\n${table(
          ['node', 'change', 'kind', 'step'],
          steps.map((row) => row.map(printable)),
        )}`,
    left > 0 ? `and ${left} more\n` : '',
  ].join('');
}

function tapFields({ name, status, code, reason, copying }: PlannedTap, rate: SourceRate | Unknown | null): string[][] {
  const title = name === '' ? 'status' : `status of ${name}`;
  const state =
    status === null
      ? 'gone at once'
      : `${status}${code === '' ? '' : `, ${code}`}${reason === '' ? '' : `: ${reason}`}`;
  if (copying === null) return [[title, state]];
  const { transport, takesSegment, portMtu, needsMtu, samePort } = copying;
  return [
    [title, state],
    ['transport', transport === null ? 'none' : `${transport}${takesSegment ? ', takes a segment more' : ''}`],
    ['longest packet', portMtu === null ? 'not known' : `${portMtu} bytes`],
    ...(needsMtu === null ? [] : [['needs an MTU of', `${needsMtu} bytes between nodes`]]),
    ...samePort.map((each) => [
      'copied already by',
      `${each.kind} ${each.id}, ${each.direction}${each.sameService ? ', to the same tap service: each packet once' : ''}`,
    ]),
    ['source sends now', rateText(rate)],
  ];
}

function rateText(rate: SourceRate | Unknown | null): string {
  if (rate === null) return 'not known: no tap counts the port, or nobody looked';
  if ('unknown' in rate) return `not known: ${rate.unknown}`;
  const bits = rate.bitsPerSecond === null ? 'bits not known' : `${rate.bitsPerSecond} bit/s`;
  return `${rate.packetsPerSecond} packets/s, ${bits}, before filters`;
}
