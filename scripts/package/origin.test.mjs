import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { debianVersion, originOf } from './origin.mjs';

const state = {
  ...{ version: '1.2.0', tags: [''], changed: false },
  ...{ epoch: Date.UTC(2026, 10, 29, 22, 3, 4) / 1000, commit: '0123456789abcdef' },
};

describe('the version of the packages', () => {
  it('of a tagged commit is its own, and of any other it says which', () => {
    expect(debianVersion({ ...state, tags: ['other', 'v1.2.0'] })).toBe('1.2.0-1');
    expect(debianVersion(state)).toBe('1.2.0+git20261129220304.0123456-1');
    expect(debianVersion({ ...state, tags: ['v1.1.0'] })).toBe('1.2.0+git20261129220304.0123456-1');
  });

  it('of what is not committed never looks like a commit', () => {
    const changed = { ...state, changed: true };
    expect(debianVersion(changed)).toBe('1.2.0+git20261129220304.0123456.changed-1');
    expect(debianVersion({ ...changed, tags: ['v1.2.0'] })).not.toBe('1.2.0-1');
  });
});

describe('without git', () => {
  const env = { SOURCE_DATE_EPOCH: '1700000000', DEBFULLNAME: 'A Builder', DEBEMAIL: 'a@example.org' };
  const outside = (run) => {
    const folder = mkdtempSync(join(tmpdir(), 'taas-origin-'));
    try {
      return run(folder);
    } finally {
      rmSync(folder, { recursive: true });
    }
  };

  it('the environment says when and by whom', () => {
    expect(outside((folder) => originOf(folder, '1.2.0', env))).toEqual({
      ...{ version: '1.2.0-1', epoch: 1_700_000_000, maintainer: 'A Builder <a@example.org>' },
    });
  });

  it('nothing is guessed', () => {
    for (const name of Object.keys(env))
      expect(() => outside((folder) => originOf(folder, '1.2.0', { ...env, [name]: '' }))).toThrow(/SOURCE_DATE_EPOCH/);
    for (const epoch of ['soon', '-5', '1.5'])
      expect(() => outside((folder) => originOf(folder, '1', { ...env, SOURCE_DATE_EPOCH: epoch }))).toThrow(epoch);
  });
});
