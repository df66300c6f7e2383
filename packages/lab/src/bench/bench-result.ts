/** One measured figure, with the figure to reach where the project has set one. */
export interface Figure {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  /** `at-least` for rates, `at-most` for times and sizes. */
  readonly target?: { readonly kind: 'at-least' | 'at-most'; readonly value: number };
  /** The value of each run, where `value` is their median. */
  readonly runs?: readonly number[];
}

export interface BenchResult {
  readonly bench: string;
  readonly figures: readonly Figure[];
  /** What a reader must know to read the figures: the machine's part, the peer, what was left out and why. */
  readonly notes: readonly string[];
}

export function meetsTarget(figure: Figure): boolean | undefined {
  if (figure.target === undefined) return undefined;
  return figure.target.kind === 'at-least' ? figure.value >= figure.target.value : figure.value <= figure.target.value;
}

/** The value below which `share` of the samples lie (nearest rank). */
export function percentile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(sorted.length * share) - 1))] ?? Number.NaN;
}

/**
 * The median of each figure over several runs of one benchmark.
 * @throws Error without a run, or for runs that measured different things
 */
export function medianOf(results: readonly BenchResult[]): BenchResult {
  const [first] = results;
  if (first === undefined) throw new Error('there is no run to take a median of');
  const figures = first.figures.map((figure) => {
    const runs = results.map(({ figures }) => {
      const same = figures.find(({ what }) => what === figure.what);
      if (same === undefined) throw new Error(`${first.bench}: a run did not measure "${figure.what}"`);
      return same.value;
    });
    return { ...figure, value: median(runs), runs };
  });
  return { ...first, figures };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  const lower = sorted[Math.ceil(sorted.length / 2) - 1] ?? Number.NaN;
  return (lower + upper) / 2;
}

export function renderResult(result: BenchResult): string[] {
  if (result.figures.length === 0) return [`== ${result.bench}`, ...result.notes.map((note) => `  (${note})`)];
  const rows = result.figures.map((figure) => [
    figure.what,
    `${readable(figure.value)} ${figure.unit}`,
    figure.target ? `${figure.target.kind === 'at-least' ? '>=' : '<='} ${readable(figure.target.value)}` : '',
    figure.target ? (meetsTarget(figure) ? 'reached' : 'NOT REACHED') : '',
  ]);
  const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return [
    `== ${result.bench}`,
    ...rows.map((row) => `  ${row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join('  ')}`.trimEnd()),
    ...result.notes.map((note) => `  (${note})`),
  ];
}

function readable(value: number): string {
  if (value === 0) return '0';
  if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString('en-US');
  return value >= 10 ? value.toFixed(1) : value.toPrecision(3);
}
