import { mkdir, mkdtemp, rename, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { lockNames } from './lock-names.js';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'taas-lock-'));
});
afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

const shared = async (a: string, b: string) => {
  const names = new Set(await lockNames(a));
  return (await lockNames(b)).filter((name) => names.has(name)).length;
};

it('is the same by whatever way a socket is reached, and before there is one', async () => {
  await mkdir(join(directory, 'vpp'));
  await symlink('vpp', join(directory, 'link'));
  const socket = join(directory, 'vpp', 'api.sock');
  expect(await shared(socket, socket)).toBe(2);
  expect(await shared(socket, join(directory, 'link', '..', 'link', 'api.sock'))).toBe(2);
});

it('has a name in common where one of path and directory is the same', async () => {
  const socket = join(directory, 'vpp', 'api.sock');
  // A VPP that is started after its agent.
  const early = await lockNames(socket);
  await mkdir(join(directory, 'vpp'));
  const there = await lockNames(socket);
  expect(there.filter((name) => early.includes(name))).toHaveLength(1);
  // The same directory by another path, as in a container.
  await rename(join(directory, 'vpp'), join(directory, 'mounted'));
  const mounted = await lockNames(join(directory, 'mounted', 'api.sock'));
  expect(there.filter((name) => mounted.includes(name))).toHaveLength(1);
});

it('is another for every other VPP, and fills an address', async () => {
  for (const each of ['a', 'b']) await mkdir(join(directory, each));
  const [a, b, c] = ['a/api.sock', 'b/api.sock', 'a/other.sock'].map((each) => join(directory, each));
  expect([await shared(a ?? '', b ?? ''), await shared(a ?? '', c ?? '')]).toEqual([0, 0]);
  for (const name of await lockNames(a ?? '')) expect(Buffer.byteLength(name)).toBe(108);
});
