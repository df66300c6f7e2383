import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const script = (name: string): string => fileURLToPath(new URL(`../../scripts/${name}.mjs`, import.meta.url));

describe('the commands of package.json', () => {
  it.each([
    ['test', 'npm test'],
    ['demo', 'npm run demo'],
    ['bench', 'npm run bench'],
    ['faults', 'npm run faults'],
    ['scale', 'npm run scale'],
    ['receipts', 'npm run receipts'],
  ])('%s starts, and says what it does when it is asked', (name, usage) => {
    const run = spawnSync(process.execPath, [script(name), '--help'], { encoding: 'utf8' });
    expect({ code: run.status, error: run.stderr }).toMatchObject({ code: 0 });
    expect(run.stdout).toContain(usage);
  });
});
