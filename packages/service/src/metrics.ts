import { setImmediate } from 'node:timers/promises';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';

/** A metric as the reference page has it (docs/reference/metrics.md). */
export interface MetricDefinition {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge';
  readonly labels: readonly string[];
}

/** A distribution of values, such as how long something takes. */
export interface HistogramDefinition extends Omit<MetricDefinition, 'type'> {
  readonly type: 'histogram';
  /** Upper bounds, in the metric's unit. */
  readonly buckets: readonly number[];
}

/** Notes one value. */
export type Observe = (labels: Readonly<Record<string, string>>, value: number) => void;

/** One value of a metric, with a value for each of its labels. */
export interface Sample {
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A scrape's answer. */
export interface Exposition {
  readonly contentType: string;
  readonly text: string;
}

/**
 * What a program shows to Prometheus. Values are read anew at each scrape, from whoever keeps them: what is gone is not shown any
 * more, and nothing is counted twice.
 */
export class Metrics {
  readonly #registry = new Registry();
  readonly #texts: (() => Iterable<string>)[] = [];

  /** Counts from now on: a distribution cannot be read off anything that is there at a scrape. */
  histogram({ name, help, labels, buckets }: HistogramDefinition): Observe {
    const registers = [this.#registry];
    const histogram = new Histogram({ name, help, labelNames: [...labels], buckets: [...buckets], registers });
    return (given, value) => histogram.observe({ ...given }, value);
  }

  /** @param read the values of now; of a counter they never go down while the program runs */
  expose(definition: MetricDefinition, read: () => Iterable<Sample>): void {
    const { name, help, labels } = definition;
    const common = { name, help, labelNames: [...labels], registers: [this.#registry] };
    if (definition.type === 'gauge') {
      const gauge: Gauge = new Gauge({
        ...common,
        collect: () => fill(gauge, read, (given, value) => gauge.set(given, value)),
      });
      return;
    }
    // A counter of prom-client can only go up, so it begins anew at each scrape.
    const counter: Counter = new Counter({
      ...common,
      collect: () => fill(counter, read, (given, value) => counter.inc(given, value)),
    });
  }

  /**
   * Shows what is written in slices by `metricLines`: series by the ten thousand, of which the library would take a second in one go.
   * @param slices called at each scrape; empty slices are pauses
   */
  exposeText(slices: () => Iterable<string>): void {
    this.#texts.push(slices);
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** A scrape's text, slice by slice; others have their turn in between. */
  async *slices(): AsyncGenerator<string> {
    yield await this.#registry.metrics();
    for (const text of this.#texts)
      for (const slice of text()) {
        if (slice !== '') yield slice;
        await setImmediate();
      }
  }

  async scrape(): Promise<Exposition> {
    let text = '';
    for await (const slice of this.slices()) text += slice;
    return { contentType: this.contentType, text };
  }
}

function fill(
  metric: { reset(): void; remove(labels: object): void },
  read: () => Iterable<Sample>,
  set: (labels: Record<string, string>, value: number) => void,
): void {
  metric.reset();
  // Of a metric without labels prom-client makes a 0, which is not the same as nothing.
  metric.remove({});
  for (const { labels, value } of read()) set({ ...labels }, value);
}
