/** What a message shows of a value, in characters: who sends half a megabyte of nonsense need not get it back. */
export const longestShown = 2_000;

/** A JSON value as Python's `str()` shows it in Neutron's messages: `None`, `True`, `['x']`. Cut as {@link pythonRepr} is. */
export function pythonStr(value: unknown): string {
  return typeof value === 'string' ? shortened(value) : pythonRepr(value);
}

/**
 * As Python's `repr()`: `'x'`, `{'a': None}`, cut after {@link longestShown} characters. What is beyond is not even looked
 * at. Nested values only as deep as the request body may be.
 */
export function pythonRepr(value: unknown): string {
  const text = new Shown();
  write(value, text);
  return shortened(text.all);
}

/** A text as a message may show it. */
export const shortened = (text: string): string =>
  text.length > longestShown ? `${text.slice(0, longestShown)}...` : text;

/** Names as a message lists them, in order. */
export const listed = (names: readonly string[]): string => shortened(names.slice(0, longestShown).join(', '));

/** A text in the making; nobody need add to it when it is full. */
class Shown {
  all = '';

  get full(): boolean {
    return this.all.length > longestShown;
  }
}

function write(value: unknown, text: Shown): void {
  if (value === null || value === undefined) text.all += 'None';
  else if (value === true) text.all += 'True';
  else if (value === false) text.all += 'False';
  else if (typeof value === 'string') text.all += quoted(value);
  else if (Array.isArray(value)) writeList(value, text);
  else if (typeof value === 'object') writeDictionary(value as Readonly<Record<string, unknown>>, text);
  else text.all += String(value);
}

function writeList(list: readonly unknown[], text: Shown): void {
  text.all += '[';
  for (const [at, item] of list.entries()) {
    if (text.full) return;
    if (at > 0) text.all += ', ';
    write(item, text);
  }
  text.all += ']';
}

function writeDictionary(dictionary: Readonly<Record<string, unknown>>, text: Shown): void {
  text.all += '{';
  for (const [at, key] of Object.keys(dictionary).entries()) {
    if (text.full) return;
    if (at > 0) text.all += ', ';
    write(key, text);
    text.all += ': ';
    write(dictionary[key], text);
  }
  text.all += '}';
}

function quoted(given: string): string {
  const text = given.slice(0, longestShown + 1);
  return text.includes("'") && !text.includes('"') ? `"${text}"` : `'${escaped(text)}'`;
}

const escaped = (text: string): string =>
  text
    .replaceAll('\\', '\\\\')
    .replaceAll("'", "\\'")
    .replaceAll('\n', '\\n')
    .replaceAll('\t', '\\t')
    .replaceAll('\r', '\\r');
