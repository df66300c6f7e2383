import type { Overload } from '@taas/wiring';
import type { PolicerCounts } from '../vpp/policer-counts.js';

/** The most that may be copied; undefined: as much as comes. */
export interface Limit {
  readonly max_kbps?: number | undefined;
  readonly max_pps?: number | undefined;
}

export interface Budget {
  readonly flow: Limit;
  readonly node: Limit;
  readonly suspend_ms: number;
}

/** What is remembered of one policer from look to look. */
export interface Watched {
  readonly counts: PolicerCounts;
  /** Looks in a row that saw nothing dropped; at first as many as it takes to count as calm. */
  readonly calm: number;
  readonly suspension: { readonly until: number; readonly reason: string } | null;
}

/** What is remembered from look to look. */
export interface Watch {
  /** When the counters were looked at, on the monotonic clock, in ms; null: not yet. */
  readonly at: number | null;
  readonly policers: ReadonlyMap<string, Watched>;
}

export const nothingWatched: Watch = { at: null, policers: new Map() };

/** So many looks without a drop end the warning: a load about as high as its budget does not make the status flutter. */
const calmPolls = 5;

interface Load {
  readonly name: string;
  readonly kbps: number;
  readonly pps: number;
}

/**
 * Judges what the taps of a node copy against its budget, from two polls of the counters of their policers. A flow's kbit/s are
 * kept by its policer, and only told of here; what a policer cannot keep, packets/s and what all taps copy together, is kept by
 * suspending: the flow that is over, or of all together the one that copies most.
 */
export function judgeLoad(
  before: Watch,
  counts: ReadonlyMap<string, PolicerCounts>,
  now: number,
  budget: Budget,
): Watch {
  const after = new Map<string, Watched>();
  const loads: Load[] = [];
  for (const [name, counted] of counts) {
    const known = before.policers.get(name);
    // One that was made since the last poll, or has begun to count anew, has counted nothing before.
    const old =
      known && known.counts.passed.packets <= counted.passed.packets ? known : { ...fresh, ...known, counts: none };
    after.set(name, watched(before.at === null ? { counts: counted, ...fresh } : old, counted, now));
    if (before.at !== null && old.suspension === null) loads.push(loadOf(name, old.counts, counted, now - before.at));
  }
  const suspend = (name: string, over: string): void => {
    const entry = after.get(name);
    const reason = `suspended: ${over}; tried again after ${budget.suspend_ms / 1000} s`;
    if (entry) after.set(name, { ...entry, suspension: { until: now + budget.suspend_ms, reason } });
  };
  const { max_pps } = budget.flow;
  const within = loads.filter(({ pps }) => pps <= (max_pps ?? Number.POSITIVE_INFINITY));
  for (const load of loads)
    if (!within.includes(load)) suspend(load.name, `more than the ${max_pps} packets/s that a flow may copy`);
  for (const [unit, limit, word] of [
    ['kbps', budget.node.max_kbps, 'kbit/s'],
    ['pps', budget.node.max_pps, 'packets/s'],
  ] as const)
    for (const { name } of heaviest(within, unit, limit))
      suspend(name, `the taps of its node copy more than ${limit} ${word} together, and this one most`);
  return { at: now, policers: after };
}

/** What to tell of it. */
export function overloadOf(watch: Watch, { flow }: Budget): Overload {
  const thinned = new Map<string, string>();
  const suspended = new Map<string, string>();
  const warning = `warning: not all is copied, to keep to ${flow.max_kbps} kbit/s`;
  for (const [name, { calm, suspension }] of watch.policers) {
    if (suspension) suspended.set(name, suspension.reason);
    else if (calm < calmPolls) thinned.set(name, warning);
  }
  return { thinned, suspended };
}

const none: PolicerCounts = { passed: { packets: 0, bytes: 0 }, dropped: { packets: 0, bytes: 0 } };
const fresh = { calm: calmPolls, suspension: null } as const;

function watched(old: Watched, counts: PolicerCounts, now: number): Watched {
  const suspension = old.suspension && old.suspension.until > now ? old.suspension : null;
  const dropped = counts.dropped.packets > old.counts.dropped.packets;
  return { counts, calm: dropped ? 0 : Math.min(calmPolls, old.calm + 1), suspension };
}

function loadOf(name: string, old: PolicerCounts, { passed }: PolicerCounts, ms: number): Load {
  const seconds = Math.max(ms, 1) / 1000;
  const [packets, bytes] = [passed.packets - old.passed.packets, passed.bytes - old.passed.bytes];
  return { name, kbps: (bytes * 8) / 1000 / seconds, pps: packets / seconds };
}

/** Those that have to go, the heaviest first, for the others to keep to the limit. */
function heaviest(loads: readonly Load[], unit: 'kbps' | 'pps', limit: number | undefined): Load[] {
  let total = loads.reduce((sum, load) => sum + load[unit], 0);
  const gone: Load[] = [];
  for (const load of [...loads].sort((a, b) => b[unit] - a[unit])) {
    if (limit === undefined || total <= limit) break;
    gone.push(load);
    total -= load[unit];
  }
  return gone;
}
