import { type CountingPoints, indicesOf } from '@taas/wiring';
import { type TapName, tapName } from '../wanted/tap-ids.js';
import type { Identity } from './identity.js';

export interface EntryNames {
  readonly point: string;
  readonly half: string;
  readonly halfBytes: string;
  readonly filtered: string;
  readonly spoilt: string;
  readonly wires: readonly string[];
}

/** What a tap's counting points are called from reading to reading, and in the state file; each list is in the order of theirs. */
export interface PointNames {
  readonly tap: TapName;
  /** The interfaces that are read, each once. */
  readonly indices: readonly number[];
  /** Names of all points. */
  readonly all: ReadonlySet<string>;
  readonly mirrors: readonly string[];
  /** With how the names of the source's points begin, mirrored or missing: they end with what is asked for. */
  readonly missing: readonly { readonly point: string; readonly asked: readonly string[] }[];
  readonly entries: readonly EntryNames[];
  readonly out: readonly string[];
  readonly in: readonly string[];
  /** Empty without a tunnel for receipts. */
  readonly receipts: string;
  readonly collector: {
    readonly port: string;
    readonly egress: readonly string[];
    readonly noVm: string;
    readonly ring: string;
  } | null;
}

/** The name of a source's point begins so, and ends with what is mirrored of it. */
export const seenPoint = 'seen ';

/** @param label an interface for whoever reads the name of a point: not its index alone, which may be another's tomorrow */
export function namePoints(tap: CountingPoints, label: (index: number) => string): PointNames {
  const mirrors = tap.mirrors.map(({ from, to, state }) => `${seenPoint}${label(from)} ${label(to)} ${state}`);
  const entries = tap.entries.map(
    ({ index, direction, filtered, wires }): EntryNames => ({
      point: `entry ${label(index)} ${direction}`,
      half: `half ${label(index)}`,
      halfBytes: `half bytes ${label(index)}`,
      filtered: `filtered ${label(index)}`,
      spoilt: `spoilt ${label(index)}`,
      wires: filtered ? wires.map((wire) => `wire ${label(wire)}`) : [],
    }),
  );
  const out = tap.out.map(({ index }) => `out ${label(index)}`);
  const into = tap.in.map((index) => `in ${label(index)}`);
  const receipts = tap.receipts === null ? '' : `receipts ${label(tap.receipts)}`;
  const collector = tap.collector && {
    port: `port ${label(tap.collector.port)}`,
    // The word of the first state files: by another the counts of an upgrade's time would be left out.
    egress: tap.collector.egress.map((index) => `way ${label(index)}`),
    noVm: `no_vm ${label(tap.collector.port)}`,
    ring: `ring ${label(tap.collector.port)}`,
  };
  const missing = tap.missing.map(({ from, state }) => ({
    point: `missed ${label(from)} ${state}`,
    asked: [`${seenPoint}${label(from)} `, `missed ${label(from)} `],
  }));
  const all = new Set([
    ...mirrors,
    ...entries.flatMap(({ point, wires }) => [point, ...wires]),
    ...out,
    ...into,
    ...(receipts === '' ? [] : [receipts]),
    ...(collector ? [collector.port, ...collector.egress] : []),
    ...missing.map(({ point }) => point),
  ]);
  const indices = [...new Set(indicesOf(tap))];
  return {
    tap: tapName(tap.kind, tap.id),
    indices,
    all,
    mirrors,
    missing,
    entries,
    out,
    in: into,
    receipts,
    collector,
  };
}

interface Named {
  readonly names: PointNames;
  readonly who: ReadonlyMap<number, Identity | undefined>;
}

/** Names that are kept from reading to reading, for as long as the points are the same object and their interfaces who they were. */
export class KeptNames {
  readonly #named = new WeakMap<CountingPoints, Named>();

  of(tap: CountingPoints, identify: (index: number) => Identity | undefined): PointNames {
    const kept = this.#named.get(tap);
    if (kept && isSame(kept.who, identify)) return kept.names;
    const who = new Map<number, Identity | undefined>();
    const names = namePoints(tap, (index) => {
      const known = identify(index);
      who.set(index, known);
      return known?.label ?? '?';
    });
    this.#named.set(tap, { names, who });
    return names;
  }
}

function isSame(who: Named['who'], identify: (index: number) => Identity | undefined): boolean {
  for (const [index, known] of who) if (identify(index) !== known) return false;
  return true;
}
