import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { openSink } from './sinks.js';

const directory = mkdtempSync(join(tmpdir(), 'taas-sink-'));
afterEach(() => rmSync(directory, { recursive: true, force: true }));

it('a file has what was written, piece by piece, and is for its owner alone', async () => {
  const path = join(directory, 'frames.pcapng');
  const sink = await openSink(path);
  for (const n of [1, 2, 3]) await sink.write(new Uint8Array(100_000).fill(n));
  await sink.close();
  const written = readFileSync(path);
  expect([written.length, written[0], written[150_000], written[299_999]]).toEqual([300_000, 1, 2, 3]);
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

it('a file in no folder is an error', async () => {
  await expect(openSink(join(directory, 'nowhere', 'x'))).rejects.toThrow('ENOENT');
});
