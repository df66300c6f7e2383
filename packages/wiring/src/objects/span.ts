import { parseOwnTag } from '../tags.js';
import { nameOf, type Ref, type VppObject } from './object.js';
import { type RowListener, Table } from './table.js';

/** What is mirrored, as VPP counts: 1 received (from the VM), 2 transmitted (to the VM), 3 both, 0 nothing. */
export type SpanState = 0 | 1 | 2 | 3;

export type SpanStep = {
  readonly kind: 'set-span';
  readonly from: number;
  readonly to: Ref;
  readonly state: SpanState;
  readonly before: SpanState;
};

/** One line of VPP's SPAN table, with what it does not say of its ends. */
export interface ActualSpan {
  readonly from: number;
  readonly to: number;
  readonly state: SpanState;
  /** An end was not there when it was looked at. */
  readonly broken: boolean;
  /** It was to an interface of ours that is no more: whoever has the index now must not get the copies. */
  readonly orphan: boolean;
}

/** VPP's SPAN table, as planning reads it. */
export interface SpanView {
  readonly size: number;
  /** What is mirrored from one interface to another. */
  state(from: number, to: number): SpanState;
  from(index: number): readonly ActualSpan[];
  to(index: number): readonly ActualSpan[];
  isOrphan(from: number, to: number): boolean;
  all(): Iterable<ActualSpan>;
  /** Those of which an end is gone, or was when they were last heard of, and orphans. */
  doubtful(): readonly ActualSpan[];
}

/** VPP's SPAN table, which outlives the interfaces that it names. */
export class SpanTable implements SpanView {
  readonly #lines = new Table<string, ActualSpan, 'from' | 'to' | 'doubtful'>({
    from: ({ from }) => [from],
    to: ({ to }) => [to],
    doubtful: ({ broken, orphan }) => (broken || orphan ? [0] : []),
  });

  /** @param isThere whether VPP has an interface with the index */
  constructor(private readonly isThere: (index: number) => boolean) {}

  get view(): SpanView {
    return this;
  }

  /** Has these told of each line that has changed. */
  listen(listener: RowListener<string, ActualSpan>): void {
    this.#lines.listen(listener);
  }

  put(from: number, to: number, state: SpanState): void {
    const key = keyOf(from, to);
    if (state === 0) {
      this.#lines.delete(key);
      return;
    }
    const old = this.#lines.get(key);
    const broken = old?.broken === true || !this.isThere(from) || !this.isThere(to);
    this.#lines.put(key, { from, to, state, broken, orphan: old?.orphan === true });
  }

  /** Replaces the whole table. */
  replace(entries: Iterable<readonly [from: number, to: number, state: SpanState]>): void {
    const now = new Map(Array.from(entries, (entry) => [keyOf(entry[0], entry[1]), entry]));
    for (const key of [...this.#lines.keys()]) if (!now.has(key)) this.#lines.delete(key);
    for (const [from, to, state] of now.values()) this.put(from, to, state);
  }

  /** The interface is gone, and VPP's table says nothing of that. */
  breakAt(index: number): void {
    for (const line of [...this.from(index), ...this.to(index)])
      this.#lines.put(keyOf(line.from, line.to), { ...line, broken: true });
  }

  /** The interface was ours, and is not any more. */
  orphan(index: number): void {
    for (const line of this.to(index)) this.#lines.put(keyOf(line.from, line.to), { ...line, orphan: true });
  }

  get size(): number {
    return this.#lines.size;
  }
  state(from: number, to: number): SpanState {
    return this.#lines.get(keyOf(from, to))?.state ?? 0;
  }
  from(index: number): readonly ActualSpan[] {
    return this.#lines.by('from', index);
  }
  to(index: number): readonly ActualSpan[] {
    return this.#lines.by('to', index);
  }
  isOrphan(from: number, to: number): boolean {
    return this.#lines.get(keyOf(from, to))?.orphan === true;
  }
  all(): Iterable<ActualSpan> {
    return this.#lines.all();
  }
  doubtful(): readonly ActualSpan[] {
    return this.#lines.by('doubtful', 0);
  }
}

const keyOf = (from: number, to: number): string => `${from} ${to}`;

export interface SpanTables {
  readonly spans: SpanTable;
}

const stateText: Record<SpanState, string> = { 0: 'off', 1: 'rx', 2: 'tx', 3: 'both' };

/** A mirror of what an interface receives or transmits. VPP does not notice that a source or a destination is deleted. */
export const spanObject: VppObject<SpanStep, SpanTables> = {
  steps: {
    'set-span': {
      describe: (s) => `mirror interface ${s.from} to ${nameOf(s.to)}: ${stateText[s.state]}`,
      // Back to what was mirrored before only if that was less: undoing must never make copies flow.
      undo: (s) => (s.state === 0 ? null : { kind: 'set-span', from: s.from, to: s.to, state: 0, before: s.state }),
      waits: true,
      refs: (s) => [s.to],
      touches: () => ({}),
    },
  },
  tables: (interfaces) => ({ spans: new SpanTable((index) => interfaces.has(index)) }),
  follow: ({ spans }, { index, old, now }) => {
    if (old && old.tag !== (now?.tag ?? '') && parseOwnTag(old.tag) !== null) spans.orphan(index);
    if (!now) spans.breakAt(index);
  },
  withdraw: (index, actual) => spansOff(index, actual),
  deletion: null,
  fingerprint: {
    tagged: () => [],
    on: () => [],
    source: (index, { spans }) =>
      spans
        .from(index)
        .map(({ to, state }) => `${to} ${state}`)
        .sort(),
  },
};

const nobody: ReadonlySet<number> = new Set();

/** Switches off all that is mirrored to an interface. */
export function spansOff(
  index: number,
  { spans }: { readonly spans: SpanView },
  except: ReadonlySet<number> = nobody,
): SpanStep[] {
  return spans
    .to(index)
    .filter(({ from }) => !except.has(from))
    .map(({ from, state }) => setSpan(from, index, 0, state));
}

export function setSpan(from: number, to: number, state: SpanState, before: SpanState): SpanStep {
  return { kind: 'set-span', from, to: { index: to }, state, before };
}
