import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findSegment } from './find-segment.js';
import { openSegmentFile } from './segment-bytes.js';

let proc = '';
beforeEach(async () => {
  proc = await mkdtemp(join(tmpdir(), 'proc-'));
  await mkdir(join(proc, '7', 'fd'), { recursive: true });
});
afterEach(() => rm(proc, { recursive: true }));

describe('findSegment', () => {
  it("finds the segment among the process's files, as the kernel names it", async () => {
    await symlink('/dev/null', join(proc, '7', 'fd', '0'));
    await symlink('/memfd:main heap (deleted)', join(proc, '7', 'fd', '4'));
    await symlink('/memfd:stat segment (deleted)', join(proc, '7', 'fd', '11'));
    expect(await findSegment(7, proc)).toBe(join(proc, '7', 'fd', '11'));
  });

  it('says so where there is none, or no such process', async () => {
    await expect(findSegment(7, proc)).rejects.toMatchObject({ problem: 'unreachable', message: /process 7 has no/ });
    await expect(findSegment(8, proc)).rejects.toMatchObject({ problem: 'unreachable', message: /process 8/ });
  });
});

describe('openSegmentFile', () => {
  it('reads what is inside, and nothing else', async () => {
    const path = join(proc, 'segment');
    await writeFile(path, Buffer.from([1, 2, 3, 4, 5]));
    const bytes = openSegmentFile(path);
    expect([...bytes.read(1, 3)]).toEqual([2, 3, 4]);
    for (const [offset, length] of [
      [-1, 2],
      [3, 3],
      [Number.NaN, 1],
      [2 ** 60, 1],
    ] as const)
      expect(() => bytes.read(offset, length)).toThrow(/not inside/);
    await writeFile(path, Buffer.from([1, 2]));
    expect(() => bytes.read(1, 3)).toThrow(/ends at 2/);
    bytes.close();
    bytes.close();
    expect(() => bytes.read(0, 1)).toThrow(/closed/);
    expect(() => openSegmentFile(join(proc, 'nothing'))).toThrow(/cannot be opened.*ENOENT/);
  });
});
