import { spawnSync } from 'node:child_process';
import { expect, inject, it } from 'vitest';
import { debOf, names } from '../deb-file.js';

it.each(names)(
  'lintian finds neither an error nor a warning in %s, but for what its overrides give reasons for',
  (name) => {
    const run = spawnSync('lintian', ['--allow-root', debOf(inject('packages'), name)], { encoding: 'utf8' });
    expect({ status: run.status, said: run.stdout }).toEqual({ status: 0, said: '' });
  },
);
