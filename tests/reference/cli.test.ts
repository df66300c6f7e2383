import { expect, it } from 'vitest';
import { cliPage } from './cli-page.js';

it('docs/reference/cli.md is what the command says of itself', async () => {
  await expect(cliPage()).toMatchFileSnapshot('../../docs/reference/cli.md');
});
