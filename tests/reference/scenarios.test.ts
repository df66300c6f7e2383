import { readdirSync } from 'node:fs';
import { expect, it } from 'vitest';
import { scenarios } from '../scenarios/index.js';
import type { Scenario } from '../scenarios/scenario.js';

const filesOf = (folder: string) =>
  readdirSync(new URL(`../${folder}/`, import.meta.url)).flatMap((file) => /^(.*)\.test\.ts$/.exec(file)?.[1] ?? []);
const all: readonly (readonly [string, Scenario])[] = Object.entries(scenarios);

it('every scenario is run on the simulator, or says why it cannot be; and nothing else is', () => {
  const wanted = all.filter(([, { unless }]) => unless?.simulated === undefined).map(([name]) => name);
  expect(filesOf('e2e').sort()).toEqual(wanted.sort());
});

it('every scenario is run on a real VPP, or says why it cannot be', () => {
  const wanted = all.filter(([, { unless }]) => unless?.real === undefined).map(([name]) => name);
  expect(filesOf('vpp')).toEqual(expect.arrayContaining(wanted));
  const others = all.filter(([, { unless }]) => unless?.real !== undefined).map(([name]) => name);
  expect(filesOf('vpp').filter((name) => others.includes(name))).toEqual([]);
});

it('no scenario is kept from both', () => {
  expect(all.filter(([, { unless }]) => unless?.simulated !== undefined && unless.real !== undefined)).toEqual([]);
});
