import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { receiveSegment } from './receive-segment.js';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'receive-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** In the place of Python. */
async function helper(shell: string): Promise<string> {
  const path = join(folder, 'helper');
  await writeFile(path, `#!/bin/sh\n${shell}\n`);
  await chmod(path, 0o700);
  return path;
}

it('reads the file that the helper was given, also when the helper is gone', async () => {
  await writeFile(join(folder, 'memory'), 'the segment');
  const python = await helper(`exec 5< ${join(folder, 'memory')}; echo 5; cat > /dev/null`);
  const bytes = await receiveSegment('/dev/null', { python });
  expect(bytes.size).toBe(11);
  expect(bytes.read(4, 7).toString()).toBe('segment');
  bytes.close();
});

it.each([
  ['no socket', '/none', '/no/python', /could not be had by \/none: .*ENOENT.*'\/none'/],
  ['no socket there', '/dev/null', '/usr/bin/python3', /could not be had by \/dev\/null: ConnectionRefusedError/],
  ['no Python', '/dev/null', '/no/python', /could not be had by \/dev\/null: .*\/no\/python ENOENT/],
])('says so where there is %s', async (_, path, python, message) => {
  const given = receiveSegment(path, { python });
  await expect(given).rejects.toMatchObject({ problem: 'unreachable', message: expect.stringMatching(message) });
});

it.each([
  ['that says nothing', 'cat > /dev/null', /no answer in time/],
  ['that says something else', 'echo "../../1/mem"; cat > /dev/null', /does not say which file/],
  ['whose file cannot be opened', 'echo 77; cat > /dev/null', /cannot be opened/],
])('a helper %s is of no use', async (_, shell, message) => {
  const given = receiveSegment('/dev/null', { python: await helper(shell), timeoutMs: 300 });
  await expect(given).rejects.toMatchObject({ problem: 'unreachable', message: expect.stringMatching(message) });
});

it('can be given up while its helper runs, which ends', async () => {
  const stop = new AbortController();
  const pidFile = join(folder, 'pid');
  const python = await helper(`echo $$ > ${pidFile}; exec sleep 1000`);
  const given = receiveSegment('/dev/null', { python, signal: stop.signal });
  given.catch(() => undefined);
  const pid = await vi.waitFor(async () => {
    const text = await readFile(pidFile, 'utf8');
    expect(text).toMatch(/^\d+\n$/);
    return Number(text);
  });
  stop.abort(new Error('given up'));
  await expect(given).rejects.toThrow();
  await vi.waitFor(() => expect(() => process.kill(pid, 0)).toThrow(/ESRCH/));
});
