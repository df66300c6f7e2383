/** One value of a series; a counter may be larger than a number holds exactly. */
export interface TextSample {
  /** As {@link labelText} writes them: made once for all series of an object. */
  readonly labels: string;
  readonly value: number | bigint;
}

/** About so many characters are written in one go, a millisecond's work; then others have their turn. */
const sliceLength = 64 * 1024;

/** And so many objects are looked at: most may have no lines. */
const lookedAtOnce = 250;

/** Labels as Prometheus reads them, without the braces: `tap_flow="..",direction="IN"`. */
export function labelText(labels: Readonly<Record<string, string>>): string {
  let text = '';
  for (const name of Object.keys(labels)) text += `${text === '' ? '' : ','}${name}="${escaped(labels[name] ?? '')}"`;
  return text;
}

/**
 * One metric with its samples, in Prometheus's text format, in slices: between two of them a caller lets others work. Absolute values
 * are written as they are, with all their digits.
 * @param samples read one by one while the slices are taken
 */
export function metricText(definition: TextDefinition, samples: Iterable<TextSample>): Generator<string> {
  const { name } = definition;
  return metricLines(definition, samples, ({ labels, value }) => sampleLine(name, labels, value));
}

export interface TextDefinition {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge';
}

/** @param value a text is a whole number as it is to be written */
export function sampleLine(name: string, labels: string, value: number | bigint | string): string {
  return labels === '' ? `${name} ${value}\n` : `${name}{${labels}} ${value}\n`;
}

/**
 * The same of objects that each have some lines, as {@link sampleLine} makes them.
 * @param linesOf '' for one that has none
 */
export function* metricLines<T>(
  { name, help, type }: TextDefinition,
  items: Iterable<T>,
  linesOf: (item: T) => string,
): Generator<string> {
  let text = `# HELP ${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}\n# TYPE ${name} ${type}\n`;
  let looked = 0;
  for (const item of items) {
    text += linesOf(item);
    looked += 1;
    if (text.length >= sliceLength) {
      yield text;
      text = '';
    } else if (looked % lookedAtOnce === 0) yield '';
  }
  if (text !== '') yield text;
}

function escaped(value: string): string {
  if (!/["\\\n]/.test(value)) return value;
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
