import { readFileSync } from 'node:fs';

/** One request to the real server and its answer, as recorded; ids are names in angle brackets. */
export interface Line {
  readonly name: string;
  /** The name, made unique by a number if several lines have it: `tf.create.direction-IN#2`. */
  readonly key: string;
  readonly as_user: string;
  readonly method: string;
  readonly path: string;
  readonly request_body: unknown;
  readonly request_headers?: Readonly<Record<string, string | null | readonly string[]>>;
  readonly status: number;
  readonly response_headers: Readonly<Record<string, string>>;
  readonly response_body: unknown;
}

/** The lines of a transcript in `testdata/`. */
export function readTranscript(file: string): Line[] {
  const seen = new Map<string, number>();
  return readFileSync(new URL(`../../testdata/${file}`, import.meta.url), 'utf8')
    .split('\n')
    .filter((text) => text !== '')
    .map((text) => {
      const line = JSON.parse(text) as Omit<Line, 'key'>;
      const count = (seen.get(line.name) ?? 0) + 1;
      seen.set(line.name, count);
      return { ...line, key: count === 1 ? line.name : `${line.name}#${count}` };
    });
}

/** Undoes the transcript's abbreviation of long texts: `nnnn...<10000 chars>`, in which one character is repeated. */
export function expand(text: string): string {
  const match = /^([\s\S]*?)(.)\2*\.\.\.<(\d+) chars>$/u.exec(text);
  if (!match) return text;
  const [, head = '', last = ''] = match;
  return head + last.repeat(Number(match[3]) - head.length);
}

/** A JSON value with a function applied to each of its texts. */
export function mapTexts(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === 'string') return change(value);
  if (Array.isArray(value)) return value.map((item) => mapTexts(item, change));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapTexts(item, change)]));
}
