/** The values of a scrape by the name of the metric, with their labels. */
export type Samples = ReadonlyMap<string, readonly Sample[]>;

export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const line = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})?\s+(\S+)(?:\s+-?\d+)?$/;
const label = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g;

/** Reads Prometheus's text format as far as our programs write it. A line that is none of it is passed over. */
export function readMetrics(text: string): Samples {
  const found = new Map<string, Sample[]>();
  for (const each of text.split('\n')) {
    const [, name, inner = '', number] = line.exec(each) ?? [];
    const value = Number(number);
    if (name === undefined || Number.isNaN(value)) continue;
    const labels = [...inner.matchAll(label)].map(
      ([, key = '', quoted = '']) =>
        [key, quoted.replace(/\\(.)/g, (_, char) => (char === 'n' ? '\n' : char))] as const,
    );
    const samples = found.get(name) ?? [];
    samples.push({ labels: Object.fromEntries(labels), value });
    found.set(name, samples);
  }
  return found;
}

/** The sum of a metric's values; null if it is not there. */
export function sumOf(samples: Samples, name: string): number | null {
  return samples.get(name)?.reduce((sum, { value }) => sum + value, 0) ?? null;
}
