import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { agentConfigSchema, checkAgentConfig } from '@taas/agent';
import { checkServerConfig, configWarnings, serverConfigSchema } from '@taas/server';
import { loadConfig } from '@taas/service';
import { expect, it } from 'vitest';

const sample = (name: string): string => fileURLToPath(new URL(`../../../deploy/${name}`, import.meta.url));

it('ships sample configurations that the programs accept', () => {
  const server = sample('taas-server.yaml');
  const { segments } = checkServerConfig(loadConfig(serverConfigSchema, server), server);
  // VLANs are for who knows that they are nobody else's.
  expect(segments.map(({ type }) => type)).toEqual(['vxlan']);
  const agent = sample('taas-agent.yaml');
  expect(checkAgentConfig(loadConfig(agentConfigSchema, agent), agent).node).toBe('compute-1');
});

it('ships sample configurations that send nothing in the clear', () => {
  for (const name of ['taas-server.yaml', 'taas-agent.yaml']) {
    const text = readFileSync(sample(name), 'utf8');
    expect(text.match(/http:\/\/\S+/g)).toBeNull();
  }
  const server = sample('taas-server.yaml');
  const config = checkServerConfig(loadConfig(serverConfigSchema, server), server);
  expect(configWarnings(config)).toEqual([]);
});
