import { type ReleaseName, releases } from 'vpp-sim';
import { describeRelease } from '../scenarios/releases.js';

const withKeys: readonly ReleaseName[] = ['25.10', '26.02', '26.06'];
for (const name of Object.keys(releases) as ReleaseName[])
  describeRelease(`${name}, simulated`, () => ({
    vpp: undefined,
    release: releases[name],
    greKeys: withKeys.includes(name),
  }));
