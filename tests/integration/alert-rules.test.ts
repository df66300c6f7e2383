import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const folder = fileURLToPath(new URL('../../deploy/prometheus/', import.meta.url));
const promtool = (...args: readonly string[]) => spawnSync('promtool', args, { cwd: folder, encoding: 'utf8' });
const missing = promtool('--version').error !== undefined;

describe.skipIf(missing)(
  `the alert rules${missing ? ' (skipped: no promtool, see the package prometheus)' : ''}`,
  () => {
    it('are good rules, and each fires when it should and not otherwise', () => {
      for (const args of [
        ['check', 'rules', 'taas.rules.yml'],
        ['test', 'rules', 'taas.rules.test.yml'],
      ]) {
        const { status, stdout, stderr } = promtool(...args);
        expect({ args, status, said: `${stdout}${stderr}` }).toMatchObject({ status: 0 });
      }
    });
  },
);
