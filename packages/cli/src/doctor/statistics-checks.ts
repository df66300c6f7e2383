import type { Stage } from '@taas/model';
import { type Tap, textOf } from '../api/kinds.js';
import { packetsOf, type TapStatistics } from '../api/statistics.js';
import type { DoctorFacts } from './facts.js';
import { type Check, type Finding, ok, problem, unknown } from './finding.js';
import { aboutTap, ofTaps } from './tap-checks.js';

/** The API promises figures of at most 10 s; a request or two may lie between. */
const stalestMs = 20_000;

/** What the figures of a tap tell of its completeness. */
export const statisticsChecks = [
  {
    id: 'TAAS-D020',
    title: 'the figures of every tap are fresh and of all its nodes',
    run: (facts) =>
      ofFigures(facts, (about, { asOf, current, unanswered }) => {
        const mend = 'taas doctor --agent-health URL on the nodes of the tap';
        if (unanswered.length > 0) return problem(about, unanswered.join('; '), mend);
        if (asOf === null) return unknown(about, 'no node has told figures yet', mend);
        const age = facts.now - asOf;
        if (age > stalestMs) return problem(about, `the oldest figure is ${Math.round(age / 1000)} s old`, mend);
        if (current === null) return unknown(about, 'the API does not say whether all nodes have told', mend);
        const said = `${Math.max(0, Math.round(age / 1000))} s old`;
        return current ? ok(about, said) : problem(about, 'not all nodes have told figures of now', mend);
      }),
  },
  {
    id: 'TAAS-D021',
    title: 'no copies are dropped because the collector is too slow',
    run: (facts) =>
      lossAt(
        facts,
        'ring_dropped',
        "the collector's VM must read faster, or copy less with filter_rules: docs/how-to/collectors.md",
      ),
  },
  {
    id: 'TAAS-D022',
    title: 'no copies are dropped because the collector has no VM',
    run: (facts) => lossAt(facts, 'no_vm', "start the VM of the tap service's port: openstack server start"),
  },
  {
    id: 'TAAS-D023',
    title: 'no copies are thinned by the budget',
    run: (facts) => lossAt(facts, 'thinned', 'copy less, with filter_rules; or ask the operator for a larger budget'),
  },
  {
    id: 'TAAS-D024',
    title: 'the fate of every copy is known',
    run: (facts) =>
      ofFigures(facts, (about, figures) => {
        const mend = 'pause the traffic and look again: taas stats; if it stays, taas bundle, and report it';
        if (figures.unaccounted === null) return unknown(about, 'the API cannot tell what is unaccounted for', mend);
        const came = (packetsOf(figures, 'seen') ?? 0n) + (packetsOf(figures, 'arrived') ?? 0n);
        return difference(about, figures.unaccounted, came, 'copies are unaccounted for', mend);
      }),
  },
  {
    id: 'TAAS-D027',
    title: 'no copies are lost between nodes',
    run: (facts) =>
      ofFigures(facts, (about, figures) => {
        const [lost, sent] = [figures.lost.get('underlay'), packetsOf(figures, 'sent')];
        const mend = "for the operator: see the underlay's drops and MTU: vppctl show errors on both nodes";
        if (lost === undefined || sent === null)
          return figures.stages.length === 0 ? unknown(about, 'no node has told figures yet', mend) : null;
        return difference(about, lost, sent, 'copies left one node and did not arrive at the other', mend);
      }),
  },
  {
    id: 'TAAS-D025',
    title: 'no tap was without copies for a while',
    run: (facts) =>
      ofFigures(facts, (about, { gaps, stages }) => {
        const mend = 'for the operator: journalctl -u taas-agent on the nodes of the tap';
        if (stages.length === 0) return unknown(about, 'no node has told figures yet', mend);
        const real = gaps.filter(({ milliseconds }) => milliseconds > 0);
        const said = real
          .map(({ cause, milliseconds }) => `${(milliseconds / 1000).toFixed(1)} s (${cause})`)
          .join(', ');
        return real.length === 0 ? ok(about, 'no gap') : problem(about, said, mend);
      }),
  },
  {
    id: 'TAAS-D026',
    title: 'every source port has traffic',
    run: (facts) =>
      ofFigures(facts, (about, figures, tap) => {
        if (tap.kind === 'service') return null;
        const mend = "see whether the VM of the source port sends, and whether the tap's direction is the right one";
        const packets = packetsOf(figures, 'seen');
        if (packets === null) return unknown(about, 'nobody has counted what the source port sends and receives', mend);
        return packets > 0n
          ? ok(about, `${packets} frames were seen`)
          : problem(about, 'no frame was seen at the source port', mend);
      }),
  },
] as const satisfies readonly Check<DoctorFacts>[];

/** Two counters are read one after the other: while traffic flows, so large a part of it may lie between. */
const inFlight = 1_000n;

function difference(about: string, packets: bigint, of: bigint, what: string, mend: string): Finding {
  if (packets === 0n) return ok(about, `0 ${what}`);
  const said = `${packets} ${what}, of ${of}`;
  const size = packets < 0n ? -packets : packets;
  return size * inFlight > of ? problem(about, said, mend) : unknown(about, `${said}: they may be on their way`, mend);
}

function lossAt(facts: DoctorFacts, stage: Stage, mend: string): Finding[] {
  return ofFigures(facts, (about, figures) => {
    const lost = packetsOf(figures, stage);
    // Where no stage at all was told, nobody has counted; where others were, this one is not on the tap's way.
    if (lost === null && figures.stages.length === 0) return unknown(about, 'no node has told figures yet', mend);
    if (lost === null && stage === 'ring_dropped' && packetsOf(figures, 'offered') !== null)
      return unknown(
        about,
        "its collector's port is another tap service's too, and whose drops they are is not told",
        mend,
      );
    if (lost === null) return null;
    if (lost === 0n) return ok(about, '0 copies');
    const of = packetsOf(figures, 'offered') ?? packetsOf(figures, 'copied');
    return problem(about, `${lost} copies${of === null || of === 0n ? '' : ` of ${of}`}`, mend);
  });
}

/** Those of ACTIVE taps: what does not stand has the check of its status. */
function ofFigures(
  facts: DoctorFacts,
  judge: (about: string, figures: TapStatistics, tap: Tap) => Finding | null,
): Finding[] {
  return ofTaps({ ...facts, node: null }, (tap) => {
    if (textOf(tap, 'status') !== 'ACTIVE') return null;
    const about = aboutTap(tap);
    const figures = facts.statistics.get(tap.id);
    if (figures === undefined) return unknown(about, 'its figures were not asked for', `taas doctor ${tap.id}`);
    if (!figures.known) return unknown(about, figures.why, 'upgrade taas-server and taas-agent: docs/reference/api.md');
    return judge(about, figures.value, tap);
  });
}
