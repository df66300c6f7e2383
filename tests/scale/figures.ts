/** A figure of a run: one value, or what many samples say. */
export interface Figure {
  readonly scenario: string;
  readonly what: string;
  readonly unit: string;
  readonly samples: readonly number[];
  /** Where the issue of this size sets a target; a time is shown as missed, and never fails the run. */
  readonly wanted?: number | undefined;
  /** The most that it may be: a count, a size or a ratio, which no busy machine makes larger. The run fails above it. */
  readonly most?: number | undefined;
}

export interface Summary {
  readonly min: number;
  readonly median: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
}

/** By nearest rank. @throws RangeError for no samples */
export function summarize(samples: readonly number[]): Summary {
  if (samples.length === 0) throw new RangeError('there are no samples');
  const sorted = [...samples].sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
  return { min: at(0), median: at(0.5), p90: at(0.9), p99: at(0.99), max: at(1) };
}

/** Whether the run has failed for it. */
export const isBroken = ({ samples, most }: Figure): boolean =>
  most !== undefined && !(samples.length > 0 && summarize(samples).max <= most);

/** The figures of a run, as they come. */
export class Figures {
  readonly all: Figure[] = [];

  constructor(private readonly print: (line: string) => void) {}

  add(figure: Figure): void {
    this.all.push(figure);
    this.print(line(figure));
  }

  get broken(): readonly Figure[] {
    return this.all.filter(isBroken);
  }

  toJson() {
    return this.all.map((figure) => {
      const { samples, ...rest } = figure;
      const summary = samples.length === 0 ? null : summarize(samples);
      return { ...rest, count: samples.length, ...summary, broken: isBroken(figure) };
    });
  }
}

export function heading(): string {
  return row(['scenario', 'figure', 'count', 'min', 'median', 'p90', 'p99', 'max', 'unit', '']);
}

function line(figure: Figure): string {
  const { scenario, what, samples, unit, wanted, most } = figure;
  if (samples.length === 0) return row([scenario, what, '0', '', '', '', '', '', unit, 'NO SAMPLES']);
  const { min, median, p90, p99, max } = summarize(samples);
  const notes = [
    ...(wanted === undefined ? [] : [`wanted ${readable(wanted)}${median <= wanted ? '' : ', MISSED'}`]),
    ...(most === undefined ? [] : [`at most ${readable(most)}${isBroken(figure) ? ', BROKEN' : ''}`]),
  ];
  const one = samples.length === 1;
  const cells = one ? ['', readable(median), '', '', ''] : [min, median, p90, p99, max].map(readable);
  return row([scenario, what, String(samples.length), ...cells, unit, notes.join('; ')]);
}

const widths = [14, 52, 6, 9, 9, 9, 9, 9, 6, 0];

const row = (cells: readonly string[]): string =>
  cells
    .map((cell, at) => (at < 2 || at > 7 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0)))
    .join(' ')
    .trimEnd();

function readable(value: number): string {
  if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString('en-US');
  return Number.isInteger(value) ? String(value) : value >= 10 ? value.toFixed(1) : value.toPrecision(3);
}
