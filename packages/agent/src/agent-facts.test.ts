import { type AgentRecord, agentCodec, heartbeatCodec, keys, type NodesReport } from '@taas/model';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Bench, type BenchNode } from './testing/bench.js';

const patience = { timeout: 20_000 };
let bench: Bench;
let node: BenchNode;
beforeEach(async () => {
  bench = await Bench.create();
  node = await bench.addNode('n1', { physnets: [{ name: 'phys1' }, { name: 'phys2', interface: 'nowhere' }] });
});
afterEach(() => bench.close());

async function record(): Promise<AgentRecord | null> {
  const entry = await bench.store.get(keys.agent('n1'));
  return entry ? agentCodec.parse(entry.key, entry.value) : null;
}

const facts = async () => (await record())?.facts;
const uplinks = async () => Object.fromEntries((await facts())?.uplinks.map((each) => [each.physnet, each]) ?? []);

async function own(): Promise<NodesReport> {
  const answer = await fetch(`http://127.0.0.1:${node.agent?.healthPort}/readyz`);
  return ((await answer.json()) as { readonly nodes: NodesReport }).nodes;
}

it('an agent tells of its uplinks, in its record and to who asks it', async () => {
  await node.start();
  const [works, missing] = [
    { physnet: 'phys1', mtu: 9000 },
    { physnet: 'phys2', problem: expect.stringMatching(/nowhere/) },
  ];
  await expect.poll(uplinks, patience).toEqual({ phys1: works, phys2: missing });
  const other = await node.connectVpp(new AbortController().signal);
  await other.request('sw_interface_set_flags', { sw_if_index: node.uplink.swIfIndex, flags: 0 });
  await other.close();
  await expect.poll(uplinks, patience).toMatchObject({ phys1: { problem: expect.stringMatching(/is down/) } });
  const about = async () => (await own()).problems.map((each) => `${each.about}: ${each.problem}`);
  expect(await about()).toContainEqual(expect.stringMatching(/^uplinks: .*uplink-n1.* is down/));
  await node.vpp.stop();
  await expect.poll(about, patience).toContain('vpp: the agent is not connected to VPP');
});

it('its heartbeat has the time', async () => {
  const before = Date.now();
  await node.start();
  const at = async () => {
    const entry = await bench.store.get(keys.heartbeat('n1'));
    return entry ? (heartbeatCodec.parse(entry.key, entry.value).at ?? 0) : 0;
  };
  await expect.poll(at, patience).toBeGreaterThanOrEqual(before);
});
