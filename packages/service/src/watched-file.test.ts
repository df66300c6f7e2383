import { chmodSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { systemClock } from './clock.js';
import { ConfigError } from './config-file.js';
import { secretSource } from './file-sources.js';
import type { LogFields, Logger } from './logger.js';
import { secretProblem } from './secret-file.js';
import { type FileSource, FileWatch } from './watched-file.js';

let directory: string;
let said: { readonly level: string; readonly fields: LogFields; readonly message: string }[];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'watched-'));
  said = [];
  return () => rmSync(directory, { recursive: true });
});

const logger = (): Logger => {
  const at = (level: string) => (fields: LogFields, message: string) => void said.push({ level, fields, message });
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error'), child: logger };
};
const watch = () => new FileWatch({ clock: systemClock, logger: logger(), source: 'test.yaml', everyMs: 10 });
const at = (name: string) => join(directory, name);
const put = (name: string, text: string, mode = 0o600) => {
  writeFileSync(at(name), text);
  chmodSync(at(name), mode);
};
const number = (...names: string[]): FileSource<number> => ({
  what: 'the number',
  files: names.map((name) => ({ option: name, path: at(name) })),
  read: (contents) => {
    const value = Number(contents.join(''));
    if (Number.isNaN(value)) throw new Error('is no number');
    return value;
  },
});

it('takes a new content, keeps the old value when the new one is bad, and says each once', async () => {
  put('a', '1');
  const files = watch();
  const value = files.open(number('a'));
  const seen: number[] = [];
  value.onChange((next) => seen.push(next));
  expect(await files.look()).toEqual({ changed: [], refused: [] });

  put('a', 'x');
  for (let times = 0; times < 3; times++) await files.look();
  expect(value.current).toBe(1);
  expect(files.refused).toMatchObject([{ what: 'the number', files: [at('a')], problem: 'option "a": is no number' }]);
  expect(said.map(({ level }) => level)).toEqual(['error']);

  put('a', '2');
  expect(await files.look()).toEqual({ changed: ['the number'], refused: [] });
  expect(value.current).toBe(2);
  expect(seen).toEqual([2]);
});

it('notices a content of the same length and time', async () => {
  put('a', '1');
  utimesSync(at('a'), 1, 1);
  const files = watch();
  const value = files.open(number('a'));
  put('a', '2');
  utimesSync(at('a'), 1, 1);
  await files.look();
  expect(value.current).toBe(2);
});

it('a file that is gone, or back as it was, changes nothing', async () => {
  put('a', '1');
  const files = watch();
  const value = files.open(number('a'));
  renameSync(at('a'), at('b'));
  await files.look();
  expect(value.current).toBe(1);
  expect(files.refused).toMatchObject([{ problem: `option "a": ${at('a')} cannot be read (ENOENT)` }]);
  renameSync(at('b'), at('a'));
  await files.look();
  expect(files.refused).toEqual([]);
});

it('takes two files together or not at all', async () => {
  put('a', '1');
  put('b', '2');
  const files = watch();
  const value = files.open(number('a', 'b'));
  put('a', 'x');
  await files.look();
  put('b', '3');
  await files.look();
  expect(value.current).toBe(12);
  put('a', '9');
  await files.look();
  expect(value.current).toBe(93);
});

it('follows the links that Kubernetes swaps', async () => {
  for (const name of ['one', 'two']) mkdirSync(at(name));
  put('one/a', '1');
  put('two/a', '2');
  symlinkSync('one', at('..data'));
  symlinkSync('..data/a', at('a'));
  const files = watch();
  const value = files.open(number('a'));
  symlinkSync('two', at('..next'));
  renameSync(at('..next'), at('..data'));
  await files.look();
  expect(value.current).toBe(2);
});

it('looks by itself until it is stopped', async () => {
  put('a', '1');
  const files = watch();
  const value = files.open(number('a'));
  const stop = new AbortController();
  const running = files.run(stop.signal);
  const changed = new Promise((resolve) => value.onChange(resolve));
  put('a', '7');
  expect(await changed).toBe(7);
  stop.abort();
  await running;
});

it('refuses at the start what cannot be used, and a secret that others can read, then and later', async () => {
  const files = watch();
  expect(() => files.open(number('none'))).toThrow(ConfigError);
  put('secret', 'hush\n', 0o644);
  const source = secretSource('the secret', { option: 's', path: at('secret') });
  expect(() => files.open(source)).toThrow(/option "s": .*everybody can read it \(mode 0644\).*chmod 0640 .*secret$/);
  chmodSync(at('secret'), 0o600);
  const value = files.open(source);
  put('secret', 'louder', 0o644);
  await files.look();
  expect(value.current).toBe('hush');
  expect(JSON.stringify(said)).not.toContain('louder');
  expect(files.refused).toHaveLength(1);
  chmodSync(at('secret'), 0o600);
  await files.look();
  expect(value.current).toBe('louder');
});

it('refuses any file that everybody can write', async () => {
  put('a', '1', 0o666);
  expect(() => watch().open(number('a'))).toThrow(/everybody can write .*chmod o-w /);
  chmodSync(at('a'), 0o664);
  expect(watch().open(number('a')).current).toBe(1);
});

it.each([
  [0o600, 0, 0, null],
  [0o400, 5, 9, null],
  [0o640, 0, 5, null],
  [0o440, 0, 0, null],
  [0o640, 5, 7, /group 7 can read it \(mode 0640\).*chmod 0600 f/],
  [0o604, 5, 5, /everybody can read it \(mode 0604\).*chmod 0600 f/],
  [0o660, 5, 5, /its group can write it \(mode 0660\).*chmod 0640 f/],
  [0o602, 5, 5, /everybody can write it/],
  [0o600, 6, 5, /belongs to user 6.*chown 5 f/],
] as const)('a secret in mode %o of user %i and group %i, for user 5 of group 5', (mode, uid, gid, says) => {
  const problem = secretProblem('f', { mode: mode | 0o100000, uid, gid }, { uid: 5, gid: 5 });
  if (says === null) expect(problem).toBeNull();
  else expect(problem).toMatch(says);
});

it("tells root, who tries a service out, to do so as the file's owner", () => {
  const problem = secretProblem('f', { mode: 0o100600, uid: 6, gid: 6 }, { uid: 0, gid: 0 });
  expect(problem).toMatch(/belongs to user 6.*run this program as that user \(runuser -u \$\(id -nu 6\) -- \.\.\.\)/);
});
