import type { Cloud, LabPort, Unit } from '@taas/lab';
import { agentCodec, keys, prefixes } from '@taas/model';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startProgramCloud } from './program-cloud.js';
import { logLines, run } from './run-program.js';
import { withoutLoss } from './without-loss.js';

/** Two agents by mistake on one node: one works, the other stands by. */
export function describeTwoAgents(): void {
  const node = 'node-a';
  const uuid = (n: number) => `bbbbbbbb-0000-4000-8000-${n.toString().padStart(12, '0')}`;
  const project = 'project-a';
  let serial = 0;
  let cloud: Cloud;
  let collector: LabPort;
  let service: string;
  const sources: LabPort[] = [];

  beforeAll(async () => {
    cloud = await startProgramCloud([node]);
    collector = await cloud.addPort(node, { id: uuid(1), bridgeDomain: 100 }, project);
    service = (await cloud.client(project).createTapService('probe', collector.id)).id;
    await tapOneMore();
  });
  afterAll(async () => {
    await cloud?.stop();
  });

  async function factsOf(name: string) {
    const key = keys.agent(name);
    const entry = await cloud.store.get(key);
    return entry && agentCodec.parse(key, entry.value).facts;
  }

  /** Another port whose traffic is copied. */
  async function tapOneMore(): Promise<void> {
    const source = await cloud.addPort(
      node,
      { id: uuid(10 + sources.length), bridgeDomain: 101 + sources.length },
      project,
    );
    const flow = { name: 'flow', tapServiceId: service, sourcePort: source.id, direction: 'BOTH' } as const;
    const { id } = await cloud.client(project).createTapFlow(flow);
    await cloud.client(project).until('tap_flows', id, 'ACTIVE');
    sources.push(source);
  }

  function eachOnce(what: () => Promise<void>): Promise<void> {
    const at = cloud.node(node).switch;
    const ports = { sources: sources.map((port) => ({ at, port })), collector: { at, port: collector } };
    return withoutLoss({ ...ports, clock: cloud.clock }, () => ++serial, what);
  }

  async function readiness({ health }: Unit) {
    const answer = await fetch(`${health}/readyz`);
    return { status: answer.status, ...((await answer.json()) as { ok: boolean; standing_by?: unknown }) };
  }

  /** Resolves when one agent waits for the other to end. */
  async function waitsFor(waiting: Unit, atWork: Unit): Promise<void> {
    const holder = { pid: atWork.process.pid, node };
    await expect
      .poll(() => readiness(waiting), { timeout: 15_000 })
      .toMatchObject({ status: 503, ok: false, standing_by: holder });
  }

  async function works(agent: Unit): Promise<void> {
    await expect
      .poll(() => readiness(agent), { timeout: 15_000, interval: 10 })
      .toMatchObject({ status: 200, ok: true });
    expect((await readiness(agent)).standing_by).toBeUndefined();
  }

  /** All in etcd but what the servers write for the auditor, and what they and the first agent write to say that they live. */
  async function written() {
    const { entries } = await cloud.store.list('/');
    return entries.filter(
      ({ key }) => key !== keys.heartbeat(node) && key !== keys.leaderHeartbeat && !key.startsWith(prefixes.audit),
    );
  }

  /** What is there now and was not there before, and what is gone. */
  async function changedSince(before: Awaited<ReturnType<typeof written>>): Promise<string[]> {
    const now = await written();
    const beyond = (these: typeof now, those: typeof now) =>
      these.filter((one) => !those.some(({ key, modRevision }) => key === one.key && modRevision === one.modRevision));
    const named = (sign: string) => (one: (typeof now)[number]) => `${sign} ${one.key} ${one.value}`;
    return [...beyond(before, now).map(named('-')), ...beyond(now, before).map(named('+'))];
  }

  const alive = async ({ health }: Unit) => (await fetch(`${health}/healthz`)).status;
  const errorsOf = ({ process }: Unit) => logLines(process.logFile).filter(({ level }) => level === 'error');
  const says = (agent: Unit, message: string) => logLines(agent.process.logFile).some(({ msg }) => msg === message);

  it('the second says who is at work, does nothing at all, and ends at once when it is told to', async () => {
    const first = cloud.node(node).agent;
    // The last that the agent writes of itself, a moment after the tap is ACTIVE: how it has counted.
    await expect.poll(async () => (await factsOf(node))?.counters, { timeout: 15_000 }).toBeDefined();
    const before = await written();
    const writes = cloud.writes();
    const second = await cloud.startSecondAgent(node);
    await waitsFor(second, first);
    expect(await alive(second)).toBe(200);
    expect(errorsOf(second)).toEqual([
      expect.objectContaining({ at_work: { pid: first.process.pid, node }, msg: expect.stringMatching(/stands by/) }),
    ]);
    // What the agent does at its start, it would have done by now.
    await eachOnce(() => cloud.clock.sleep(500));
    const changed = await changedSince(before);
    expect(changed, changed.join('\n')).toEqual([]);
    expect(cloud.writes()).toEqual(writes);
    await tapOneMore();
    await eachOnce(() => cloud.clock.sleep(50));
    const start = cloud.clock.monotonic();
    expect(await second.process.stop('SIGTERM')).toBe(0);
    expect(cloud.clock.monotonic() - start).toBeLessThan(5_000);
    expect(says(second, 'connected to VPP')).toBe(false);
    expect(errorsOf(second)).toHaveLength(1);
    await works(first);
  });

  it('the first killed: the second takes over, and no copy is lost; the first, back, stands by', async () => {
    const first = cloud.node(node).agent;
    const second = await cloud.startSecondAgent(node);
    await waitsFor(second, first);
    const writes = cloud.writes();
    await eachOnce(async () => {
      await first.process.stop('SIGKILL');
      await works(second);
    });
    expect(cloud.writes()).toEqual(writes);
    await tapOneMore();
    await first.process.start(false);
    await waitsFor(first, second);
    await eachOnce(() => cloud.clock.sleep(50));
    expect(cloud.writes()[0]).toBeGreaterThan(writes[0] ?? 0);
  });

  it('the second stopped: the first is at work again, and its record is there', async () => {
    const first = cloud.node(node).agent;
    const writes = cloud.writes();
    await eachOnce(async () => {
      for (const second of cloud.secondAgents) await second.process.stop('SIGTERM');
      await works(first);
    });
    expect(cloud.writes()).toEqual(writes);
    await tapOneMore();
    expect(await cloud.store.get(keys.agent(node))).toBeDefined();
  });

  it('with the very same configuration the second ends, and says why', async () => {
    const { configFile } = cloud.node(node).agent.process;
    const { code, stderr } = await run('taas-agent', ['--config', configFile]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/option "health"\) is taken: is an agent running here already\?/);
  });
}
