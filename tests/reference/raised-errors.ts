import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** An error as the code raises it: `…` stands for what differs from case to case. */
export interface RaisedError {
  readonly status: number;
  readonly type: string;
  readonly message: string;
}

/** Functions that fix status and type, and take the message. */
const makers: Readonly<Record<string, { readonly status: number; readonly type: string }>> = {
  badRequest: { status: 400, type: 'HTTPBadRequest' },
  tooLarge: { status: 413, type: 'HTTPRequestEntityTooLarge' },
  unavailable: { status: 503, type: 'ServiceUnavailable' },
};

/** Every error that the source files of some folders raise with a message of its own. */
export function raisedErrors(folders: readonly string[]): RaisedError[] {
  return sourcesIn(folders).flatMap((source) => [...constructed(source), ...made(source)]);
}

function sourcesIn(folders: readonly string[]): string[] {
  return folders.flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => /(?<!\.test|\.suite)\.ts$/.test(name))
      .map((name) => readFileSync(join(folder, name), 'utf8')),
  );
}

/** `new NeutronError(404, 'PortNotFound', …)` */
function constructed(source: string): RaisedError[] {
  return [...source.matchAll(/new (NeutronError|GatewayError|LingeringError)\(/g)].flatMap(
    ({ index, 0: call, 1: name }) => {
      const given = argumentsAt(source, index + call.length);
      const [status = '', type = '', message = ''] = name === 'LingeringError' ? ['409', ...given] : given;
      const text = textOf(message);
      const named = textOf(type);
      // What is not spelled out here comes from a table, which the reader has at hand.
      return text === '' || named === '' ? [] : [{ status: Number(status), type: named, message: text }];
    },
  );
}

/** `badRequest(…)` */
function made(source: string): RaisedError[] {
  return Object.entries(makers).flatMap(([name, { status, type }]) =>
    [...source.matchAll(new RegExp(`(?<![\\w.#])${name}\\(`, 'g'))].flatMap(({ index, 0: call }) => {
      const message = textOf(argumentsAt(source, index + call.length)[0] ?? '');
      return message === '' ? [] : [{ status, type, message }];
    }),
  );
}

/** The source texts of a call's arguments. @param start behind the opening bracket */
function argumentsAt(source: string, start: number): string[] {
  const found: string[] = [];
  let depth = 0;
  let begin = start;
  for (let at = start; at < source.length; at++) {
    const char = source[at] ?? '';
    if (char === "'" || char === '"' || char === '`') at = endOfText(source, at);
    else if ('([{'.includes(char)) depth += 1;
    else if (depth > 0 && ')]}'.includes(char)) depth -= 1;
    else if (depth === 0 && (char === ',' || char === ')')) {
      found.push(source.slice(begin, at).trim());
      begin = at + 1;
      if (char === ')') return found;
    }
  }
  return found;
}

function endOfText(source: string, start: number): number {
  const quote = source[start];
  for (let at = start + 1; at < source.length; at++) {
    if (source[at] === '\\') at += 1;
    else if (source[at] === quote) return at;
  }
  return source.length;
}

/** What texts joined by `+` say; the empty string if the expression is anything else. */
function textOf(expression: string): string {
  const piece = /'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"|`((?:[^`\\]|\\.)*)`/gs;
  const rest = expression.replace(piece, '').replaceAll('+', '').trim();
  if (rest !== '') return '';
  return [...expression.matchAll(piece)]
    .map(([, single, double, template]) => template?.replace(/\$\{[^{}]*\}/g, '…') ?? single ?? double ?? '')
    .join('');
}

/** What the sources say is wrong with an attribute's value, where the check of its type does not say it. */
export function inputReasons(folders: readonly string[]): string[] {
  return sourcesIn(folders).flatMap((source) =>
    [...source.matchAll(/(?<![\w.#])invalidInput\(/g)].flatMap(({ index, 0: call }) => {
      const reason = textOf(argumentsAt(source, index + call.length)[1] ?? '');
      return reason === '' ? [] : [reason];
    }),
  );
}
