import type { Sliced } from '@taas/service';
import { findPort } from '../find-interface.js';
import { possibleSources } from '../flows/flow-sources.js';
import { legsOf, mirrorOfLeg } from '../mirrors/mirror-leg.js';
import type { ActualInterface } from '../objects/interface.js';
import { featureBits } from '../objects/layer2-features.js';
import { type ActualSpan, setSpan } from '../objects/span.js';
import { mayBeDirect } from '../services/plan-direct.js';
import type { ActualView } from '../snapshot.js';
import type { Step } from '../steps.js';
import { mirrorDestinationKinds, type OwnTag, ownTag, parseOwnTag, takesCopies } from '../tags.js';
import type { Plan } from './plan.js';
import type { Planning } from './planning.js';

export const sourceKey = (index: number): string => `source:${index}`;
export const pruneKey = 'prune';

/** Whether the plan switches mirrors on again that only VPP's table tells of, those of others among them. */
export function revivesSource(plan: Plan): boolean {
  return plan.sequences.some(({ key }) => key.startsWith('source:'));
}

/** Adds what {@link planSource} says, once for a source in a plan. */
export function reviveSource(planning: Planning, port: string, source: number): void {
  const { wanted, actual, draft } = planning;
  if (draft.has(sourceKey(source))) return;
  const isSource = (each: string): boolean => findPort(each, actual).value?.index === source;
  const stays = ({ kind, id }: OwnTag): boolean => {
    if (kind === 'mirror') {
      const mirror = wanted.mirrors.get(mirrorOfLeg(id))?.record;
      if (!mirror) return wanted.mirrors.isUnreadable(mirrorOfLeg(id));
      return legsOf(mirror).some((leg) => leg.id === id) && isSource(mirror.port_id);
    }
    const flow = wanted.flow(id)?.record;
    if (!flow) return wanted.isUnreadable('tap_flows', id);
    return !flow.removed && possibleSources(flow, actual).includes(source);
  };
  draft.add(sourceKey(source), [pruneKey], planSource(planning, port, source, stays));
}

/**
 * Revives the mirroring of a source whose SPAN table and feature bits disagree. VPP sets a bit only when the number of
 * destinations goes from none to one, and clears it when the interface leaves layer 2 while the table stays; so every
 * destination is switched off, and those that stay are switched on again, those of others too.
 * @param stays whether a loopback of ours mirrors this source rightly
 */
function planSource(planning: Planning, port: string, source: number, stays: (own: OwnTag) => boolean): Step[] {
  const { actual } = planning;
  const table = actual.spans.from(source);
  const features = actual.features.get(source);
  if (!features || table.length === 0) return [];
  let union = 0;
  for (const { state } of table) union |= state;
  const deadRx = (union & 1) !== 0 && (features.input & featureBits.inputSpan) === 0;
  const deadTx = (union & 2) !== 0 && (features.output & featureBits.outputSpan) === 0;
  if (!deadRx && !deadTx) return [];
  const off: Step[] = [];
  const on: Step[] = [];
  for (const { to, state } of table) {
    off.push(setSpan(source, to, 0, state));
    const destination = actual.interfaces.get(to);
    if (!destination || !mayReceive(planning, source, destination)) continue;
    const own = parseOwnTag(destination.tag);
    if (!takesCopies(own) || stays(own)) on.push(setSpan(source, to, state, 0));
  }
  return [{ kind: 'check-port', port, index: source }, ...off, ...on];
}

/**
 * Clears the SPAN table of interfaces that are no more. VPP keeps such entries, and the next interface gets the index:
 * as a destination it would receive a stranger's traffic, as a source it would inherit a stranger's taps. A mirror to what
 * is ours and that no tap of ours wants is such an inheritance too, made while nobody looked.
 * @param services whose attachments to look at, besides what is known to be broken; null for the whole table
 */
export function* planPrune(planning: Planning, services: Iterable<string> | null): Sliced<Step[]> {
  const { actual } = planning;
  const steps: Step[] = [];
  const seen = new Set<string>();
  for (const { from, to, state } of services === null ? [...actual.spans.all()] : doubtfulSpans(actual, services)) {
    yield;
    const destination = actual.interfaces.get(to);
    if (actual.interfaces.get(from) && destination && mayReceive(planning, from, destination)) continue;
    if (seen.size < seen.add(`${from} ${to}`).size) steps.push(setSpan(from, to, 0, state));
  }
  return steps;
}

function* doubtfulSpans(actual: ActualView, services: Iterable<string>): Iterable<ActualSpan> {
  yield* actual.spans.doubtful();
  for (const service of services)
    for (const kind of mirrorDestinationKinds)
      for (const { index } of actual.interfaces.by('tag', ownTag(kind, service))) yield* actual.spans.to(index);
}

/** Mirrors to strangers are for others to answer for, those to loopbacks of one tap for that tap's plan. */
function mayReceive({ wanted, actual }: Planning, from: number, to: ActualInterface): boolean {
  if (actual.spans.isOrphan(from, to.index)) return false;
  const own = parseOwnTag(to.tag);
  return own === null || takesCopies(own) || mayBeDirect(wanted, actual, from, to);
}
