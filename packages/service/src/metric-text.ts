/** One value of a series; a counter may be larger than a number holds exactly. */
export interface TextSample {
  /** As {@link labelText} writes them: made once for all series of an object. */
  readonly labels: string;
  readonly value: number | bigint;
}

/** About so many characters are written in one go, some milliseconds' work; then others have their turn. */
const sliceLength = 64 * 1024;

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
export function* metricText(
  definition: { readonly name: string; readonly help: string; readonly type: 'counter' | 'gauge' },
  samples: Iterable<TextSample>,
): Generator<string> {
  const { name, help, type } = definition;
  let text = `# HELP ${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}\n# TYPE ${name} ${type}\n`;
  for (const { labels, value } of samples) {
    text += labels === '' ? `${name} ${value}\n` : `${name}{${labels}} ${value}\n`;
    if (text.length < sliceLength) continue;
    yield text;
    text = '';
  }
  if (text !== '') yield text;
}

function escaped(value: string): string {
  if (!/["\\\n]/.test(value)) return value;
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
