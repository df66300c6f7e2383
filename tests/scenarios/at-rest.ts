import { agentConfigSchema, checkAgentConfig } from '@taas/agent';
import { dryRun } from '@taas/agent/testing';
import { agentConfig, type Cloud, connectToSwitch, physnet } from '@taas/lab';
import { keys } from '@taas/model';
import { checkConfig } from '@taas/service';

/** What a node's agent would do now, as its dry run says it: without any lines if there is nothing to do. */
export async function stillToDo(cloud: Cloud, node: string): Promise<readonly string[]> {
  const { signal } = new AbortController();
  const { apiSocket, apiFolders } = cloud.node(node).switch;
  const place = { node, n: cloud.options.nodes.indexOf(node), apiSocket, apiFolders, healthPort: 0, endpoints: [] };
  const config = checkAgentConfig(checkConfig(agentConfigSchema, agentConfig(cloud.options, place), 'test'), 'test');
  const vpp = await connectToSwitch({ apiSocket, apiFolders }, 'dry-run');
  try {
    const lines = await dryRun(config, cloud.store, vpp, signal);
    return lines[0] === 'nothing to do' ? [] : lines;
  } finally {
    await vpp.close();
  }
}

/** Restarts the node's agent and resolves when it has read the whole of its switch since. */
export async function restartAgentAndLook(cloud: Cloud, node: string): Promise<void> {
  const before = (await cloud.store.get(keys.agent(node)))?.modRevision ?? 0;
  await cloud.node(node).agent.restart('stop');
  await cloud.until(`the agent of ${node} has looked at its switch`, async () => {
    const entry = await cloud.store.get(keys.agent(node));
    return entry !== undefined && entry.modRevision > before && entry.value.includes(physnet);
  });
}

/** Keys of ours in etcd that stand for a tap: of the API, of nodes, of segments. */
export async function keysOfTaps({ store }: Cloud): Promise<readonly string[]> {
  const { entries } = await store.list('/networking-vpp/');
  return entries.map(({ key }) => key).filter((key) => /taas\/(tap_|segments|port_roles)/.test(key));
}
