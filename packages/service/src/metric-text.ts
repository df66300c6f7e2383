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

export interface TextDefinition {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge';
}

/** How one sample is written; a counter may be larger than a number holds exactly. */
export type SampleLine = (labels: string, value: number | bigint | string) => string;

/**
 * The lines of one metric's samples.
 * @returns takes labels as {@link labelText} writes them, which are made once for all series of an object; a value that is a text is
 *   a whole number as it is to be written
 */
export function sampleLines(name: string): SampleLine {
  // In one piece, and the short end put together first: of a hundred thousand lines each piece more is garbage.
  const begin = [name, '{'].join('');
  return (labels, value) => {
    const end = `} ${value}\n`;
    return `${begin}${labels}${end}`;
  };
}

/**
 * One metric of objects that each have some lines, in Prometheus's text format, in slices: between two of them a caller lets others
 * work. Absolute values are written as they are, with all their digits.
 * @param items read one by one while the slices are taken
 * @param linesOf as {@link sampleLines} makes them; '' for one that has none
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
