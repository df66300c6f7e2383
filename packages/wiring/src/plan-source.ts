import { type ActualInterface, featureBits, type SpanState } from './actual.js';
import type { Planning } from './planning.js';
import type { Step } from './step.js';
import { parseOwnTag } from './tags.js';

export const sourceKey = (index: number): string => `source:${index}`;
export const scrubKey = 'scrub';

/**
 * Revives the mirroring of a source whose SPAN table and feature bits disagree. VPP sets a bit only when the number of
 * destinations goes from none to one, and clears it when the interface leaves layer 2 while the table stays; so every
 * destination is switched off, and those that stay are switched on again, those of others too.
 * @param stays whether a flow's loopback mirrors this source rightly
 */
export function planSource(
  { actual }: Planning,
  port: string,
  source: number,
  stays: (flow: string) => boolean,
): Step[] {
  const table = actual.spansFrom(source);
  const features = actual.features(source);
  if (!features || table.size === 0) return [];
  let union = 0;
  for (const state of table.values()) union |= state;
  const deadRx = (union & 1) !== 0 && (features.input & featureBits.inputSpan) === 0;
  const deadTx = (union & 2) !== 0 && (features.output & featureBits.outputSpan) === 0;
  if (!deadRx && !deadTx) return [];
  const off: Step[] = [];
  const on: Step[] = [];
  for (const [to, state] of table) {
    off.push(setSpan(source, to, 0, state));
    const destination = actual.interface(to);
    if (!destination || !mayReceive(destination) || actual.isOrphanSpan(source, to)) continue;
    const own = parseOwnTag(destination.tag);
    if (own === null || stays(own.id)) on.push(setSpan(source, to, state, 0));
  }
  return [{ kind: 'check-port', port, index: source }, ...off, ...on];
}

/**
 * Clears the SPAN table of interfaces that are no more. VPP keeps such entries, and the next interface gets the index:
 * as a destination it would receive a stranger's traffic, as a source it would inherit a stranger's taps. A mirror to what
 * is ours but no flow's loopback is such an inheritance too, made while nobody looked: copies would go past the flow to a
 * collector or another node.
 */
export function planScrub({ actual }: Planning): Step[] {
  const steps: Step[] = [];
  for (const from of actual.spanSources()) {
    const gone = actual.interface(from) === undefined;
    for (const [to, state] of actual.spansFrom(from))
      if (gone || !mayReceive(actual.interface(to)) || actual.isOrphanSpan(from, to))
        steps.push(setSpan(from, to, 0, state));
  }
  return steps;
}

function mayReceive(destination: ActualInterface | undefined): boolean {
  if (!destination) return false;
  const own = parseOwnTag(destination.tag);
  return own === null || own.kind === 'flow';
}

function setSpan(from: number, to: number, state: SpanState, before: SpanState): Step {
  return { kind: 'set-span', from, to: { index: to }, state, before };
}
