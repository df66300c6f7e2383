import { freePort, ProgramProcess, SimSwitch } from '@taas/lab';
import { keys } from '@taas/model';
import { systemClock } from '@taas/service';
import type { Store } from '@taas/store';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { LockedEtcd } from './locked-etcd.js';

// etcd lets whoever has any user keep any lease alive. The attacker here is a compromised node with its own agent's user.

const ttlSeconds = 3;
const leaseSeconds = 4;
const attacker = 'taas-evil';

let locked: LockedEtcd;
let admin: Store;
const closers: (() => Promise<unknown>)[] = [];

interface Ready {
  readonly role?: string;
  readonly agents?: { readonly there: number; readonly silent: readonly string[] };
}

interface Program {
  readonly process: ProgramProcess;
  ready(): Promise<Ready>;
}

async function start(name: string, program: 'taas-server' | 'taas-agent', more: object): Promise<Program> {
  const healthPort = await freePort();
  const config = { ...more, health: { host: '127.0.0.1', port: healthPort } };
  const process = new ProgramProcess({ name, program, directory: locked.directory, config, healthPort }, systemClock);
  closers.push(() => process.stop('SIGKILL'));
  await process.start();
  const ready = () =>
    fetch(`http://127.0.0.1:${healthPort}/readyz`).then(
      async (answer) => (await answer.json()) as Ready,
      () => ({}),
    );
  return { process, ready };
}

const startServer = async (name: string) =>
  start(name, 'taas-server', {
    listen: { host: '127.0.0.1', port: await freePort() },
    auth: { mode: 'development' },
    networking_vpp: { bindings: 'etcd-v3' },
    election: { ttl_s: ttlSeconds },
    etcd: locked.credentials('taas-server'),
  });

/** How it was decided before: that the key is absent, which is what its lease says. */
async function goneByLease(key: string, signal: AbortSignal): Promise<boolean> {
  for await (const event of admin.follow([key], signal)) {
    if (event.kind === 'snapshot' && !event.entries.some((entry) => entry.key === key)) return true;
    if (event.kind === 'changes' && event.changes.some((each) => each.kind === 'delete' && each.key === key))
      return true;
  }
  return false;
}

/** Counts the heartbeats of the leading server: by them, not by a clock, the servers judge who is silent. */
function countLeaderHeartbeats(signal: AbortSignal): () => number {
  let count = 0;
  const counting = async () => {
    for await (const event of admin.follow([keys.leaderHeartbeat], signal))
      if (event.kind === 'changes') count += event.changes.filter((each) => each.kind === 'put').length;
  };
  void counting();
  return () => count;
}

/** Resolves when the agent has just said that it lives. */
async function nextHeartbeat(node: string): Promise<void> {
  const key = keys.heartbeat(node);
  for await (const event of admin.follow([key], new AbortController().signal))
    if (event.kind === 'changes' && event.changes.some((each) => each.kind === 'put' && each.entry.key === key)) return;
}

beforeAll(async () => {
  locked = await LockedEtcd.start(['n1', 'evil']);
  admin = locked.storeOf('taas-server');
});
afterEach(async () => {
  await locked.letGo();
  for (const close of closers.splice(0).reverse()) await close();
});
afterAll(() => locked.stop());

describe('who keeps the lease of another alive', () => {
  it('does not keep a leader in office that hangs, and what that one wrote later would not count', async () => {
    const old = await startServer('first');
    await expect.poll(async () => (await old.ready()).role, { timeout: 15_000 }).toBe('leader');
    const next = await startServer('second');
    const term = await admin.get(keys.leader);
    expect((await locked.keepAllAlive(attacker)).length).toBeGreaterThan(0);
    const watching = new AbortController();
    const byLease = goneByLease(keys.leader, watching.signal);
    process.kill(old.process.pid ?? 0, 'SIGSTOP');
    const since = systemClock.monotonic();
    await expect.poll(async () => (await next.ready()).role, { timeout: 10_000, interval: 50 }).toBe('leader');
    const took = systemClock.monotonic() - since;
    expect(took).toBeLessThan(ttlSeconds * 1000 * 2);
    // The control: the attack is at work, and whoever goes by the lease waits still, long after it would have run out.
    await systemClock.sleep(Math.max(0, ttlSeconds * 1000 + 2_000 - (systemClock.monotonic() - since)));
    watching.abort(new Error('the control is over'));
    expect(await byLease).toBe(false);
    expect(locked.leases(attacker).length).toBeGreaterThanOrEqual(2);
    const stale = await admin.transact({
      compare: [{ kind: 'mod-revision', key: keys.leader, revision: term?.modRevision ?? 0 }],
      operations: [{ kind: 'put', key: `${keys.leader}_test`, value: 'x' }],
    });
    expect(stale.succeeded).toBe(false);
    process.kill(old.process.pid ?? 0, 'SIGCONT');
    await expect.poll(async () => (await old.ready()).role, { timeout: 10_000 }).toBe('follower');
    expect((await next.ready()).role).toBe('leader');
  }, 60_000);

  it('does not keep an agent alive that is dead, which comes again when it does', async () => {
    const lab = await SimSwitch.start(locked.directory, 'n1');
    closers.push(() => lab.stop());
    const server = await startServer('server');
    const agent = await start('agent', 'taas-agent', {
      ...{ node: 'n1', vpp: { api_socket: lab.apiSocket }, lease_ttl_s: leaseSeconds },
      etcd: locked.credentials('taas-n1'),
    });
    await expect.poll(async () => (await server.ready()).agents?.there, { timeout: 15_000 }).toBe(1);
    await locked.keepAllAlive(attacker);
    await nextHeartbeat('n1');
    await agent.process.stop('SIGKILL');
    const watching = new AbortController();
    const leaderHeartbeats = countLeaderHeartbeats(watching.signal);
    await expect
      .poll(async () => (await server.ready()).agents, { timeout: 15_000, interval: 50 })
      .toEqual({ there: 0, silent: ['n1'] });
    // As after an ordinary death: by its lease's time, and a second over it. A leader has ten heartbeats in the time of its own.
    expect(leaderHeartbeats()).toBeGreaterThan(0);
    expect(leaderHeartbeats()).toBeLessThan((leaseSeconds + 1) * (10 / ttlSeconds));
    watching.abort(new Error('the agent is silent'));
    // The control: by the lease it would be alive.
    expect(await admin.get(keys.agent('n1'))).toBeDefined();
    await agent.process.start();
    await expect.poll(async () => (await server.ready()).agents, { timeout: 10_000 }).toEqual({ there: 1, silent: [] });
  }, 60_000);

  it('cannot revoke it, nor write a heartbeat', async () => {
    const leader = await startServer('alone');
    await expect.poll(async () => (await leader.ready()).role, { timeout: 15_000 }).toBe('leader');
    const term = await admin.get(keys.leader);
    for (const lease of locked.leases(attacker))
      expect(locked.etcdctl(attacker, 'lease', 'revoke', lease)).toMatchObject({ text: /permission denied/ });
    const evil = locked.storeOf(attacker);
    for (const key of [keys.leader, keys.leaderHeartbeat, keys.heartbeat('n1'), keys.agent('n1')])
      await expect(evil.transact({ compare: [], operations: [{ kind: 'put', key, value: '{}' }] })).rejects.toThrow(
        /permission/i,
      );
    expect((await admin.get(keys.leader))?.modRevision).toBe(term?.modRevision);
  }, 60_000);
});
