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
      ofFigures(facts, (about, { at, complete }) => {
        const mend = 'taas doctor --agent-health URL on the nodes of the tap';
        if (at === null) return unknown(about, 'no node has told figures yet', mend);
        const age = facts.now - at;
        if (age > stalestMs) return problem(about, `the oldest figure is ${Math.round(age / 1000)} s old`, mend);
        if (complete === null) return unknown(about, 'the API does not say whether all nodes have told', mend);
        return complete
          ? ok(about, `${Math.max(0, Math.round(age / 1000))} s old`)
          : problem(about, 'not all nodes have told figures', mend);
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
      ofFigures(facts, (about, { unaccounted }) => {
        const mend = 'pause the traffic and look again: taas stats; if it stays, taas bundle and report it';
        if (unaccounted === null) return unknown(about, 'the API does not say what is unaccounted for', mend);
        return unaccounted === 0n
          ? ok(about, '0 unaccounted for')
          : problem(about, `${unaccounted} copies are unaccounted for`, mend);
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

function lossAt(facts: DoctorFacts, stage: Stage, mend: string): Finding[] {
  return ofFigures(facts, (about, figures) => {
    const lost = packetsOf(figures, stage);
    // Where no stage at all was told, nobody has counted; where others were, this one is not on the tap's way.
    if (lost === null) return figures.stages.length === 0 ? unknown(about, 'no node has told figures yet', mend) : null;
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
