import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Of each log at most this is shown: what a failed test has to do with stands at its end. */
const shownLines = 60;
const shownOfLine = 400;

/** Length of each `*.log` below a folder, in bytes. */
export type LogMark = ReadonlyMap<string, number>;

/** Does some work; if it fails, what services have said meanwhile is printed. */
export async function showingLogs(directory: string, work: () => Promise<void>): Promise<void> {
  const mark = markLogs(directory);
  try {
    await work();
  } catch (error) {
    console.log(logsSince(directory, mark));
    throw error;
  }
}

/** How far the logs below `directory` have come. */
export function markLogs(directory: string): LogMark {
  const names = readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.log'));
  return new Map(names.map((name) => [name, statSync(join(directory, name)).size]));
}

/** What services have said since `mark`, each under its log's name; those that said nothing are left out. */
export function logsSince(directory: string, mark: LogMark): string {
  const said: string[] = [];
  for (const name of [...markLogs(directory).keys()].sort()) {
    const text = readFileSync(join(directory, name))
      .subarray(mark.get(name) ?? 0)
      .toString()
      .trimEnd();
    if (text !== '') said.push(`== ${name}`, ...lines(text));
  }
  return said.join('\n');
}

const lines = (text: string): readonly string[] =>
  text
    .split('\n')
    .slice(-shownLines)
    .map((line) => (line.length > shownOfLine ? `${line.slice(0, shownOfLine)} ...` : line));
