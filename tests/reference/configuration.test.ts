import { agentConfigSchema } from '@taas/agent';
import { serverConfigSchema } from '@taas/server';
import { expect, it } from 'vitest';
import { configurationPage } from './configuration-page.js';

it('docs/reference/configuration.md is what the schemas say', async () => {
  const page = configurationPage([
    { name: 'taas-server', purpose: 'The API and the compiler, on controllers.', schema: serverConfigSchema },
    { name: 'taas-agent', purpose: 'What wires the taps, on each compute node.', schema: agentConfigSchema },
  ]);
  await expect(page).toMatchFileSnapshot('../../docs/reference/configuration.md');
});
