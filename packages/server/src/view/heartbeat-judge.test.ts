import { agentCodec, heartbeatCapability, heartbeatCodec, keys } from '@taas/model';
import type { KeyValue } from '@taas/store';
import { beforeEach, expect, it } from 'vitest';
import { HeartbeatJudge } from './heartbeat-judge.js';
import { ViewState } from './view-state.js';

let view: ViewState;
let judge: HeartbeatJudge;
let revision: number;
let now: number;

const entry = (key: string, value: string): KeyValue => {
  revision += 1;
  return { key, value, createRevision: revision, modRevision: revision };
};

const agent = (node: string, capabilities: string[]) =>
  entry(
    keys.agent(node),
    agentCodec.format({
      ...{ v: 1, node, agent_version: '1', vpp_version: '1', tunnel_address: null, physnets: [] },
      capabilities,
    }),
  );

const heartbeat = (node: string) =>
  entry(keys.heartbeat(node), heartbeatCodec.format({ v: 1, beat: revision, period_ms: 1000 }));

const leader = () => entry(keys.leaderHeartbeat, '{"v":1,"beat":1}');

/** An event of these writes, and its judgement. */
function happens(...entries: readonly KeyValue[]) {
  const changes = entries.map((each) => ({ kind: 'put', entry: each }) as const);
  return judged(view.apply({ kind: 'changes', revision, changes }));
}

function judged(dirty: ReturnType<ViewState['apply']>) {
  for (const node of judge.take(view, dirty, now)) view.silence(node, dirty);
  return dirty;
}

/** Time passes, and the leader shows that etcd takes writes. */
function pass(ms: number) {
  const dirty = [];
  for (let left = ms; left > 0; left -= 300) {
    now += Math.min(left, 300);
    dirty.push(happens(leader()));
  }
  return dirty;
}

beforeEach(() => {
  view = new ViewState();
  judge = new HeartbeatJudge(1000);
  [revision, now] = [0, 5000];
  happens(leader(), agent('n', [heartbeatCapability]), heartbeat('n'));
});

it('takes an agent for gone when its heartbeat stops though its record stays, and tells what depends on it', () => {
  pass(1800);
  expect(view.agents.has('n')).toBe(true);
  const published = pass(600);
  expect(view.agents.has('n')).toBe(false);
  expect([...view.silent.keys()]).toEqual(['n']);
  expect(published.flatMap(({ agents }) => [...agents])).toEqual([['n', false]]);
});

it('believes in it again when it is heard, or its record is written', () => {
  pass(3000);
  expect(happens(heartbeat('n')).agents.get('n')).toBe(true);
  expect([...view.agents.keys()]).toEqual(['n']);
  pass(3000);
  expect(view.agents.has('n')).toBe(false);
  happens(agent('n', [heartbeatCapability]));
  expect(view.agents.has('n')).toBe(true);
  expect(view.silent.size).toBe(0);
});

it('is told nothing of taps by a heartbeat', () => {
  const dirty = happens(heartbeat('n'));
  expect([dirty.agents.size, dirty.services.size, dirty.mirrors.size, dirty.ports.size]).toEqual([0, 0, 0, 0]);
});

it('takes nobody for gone while nobody shows that etcd takes writes', () => {
  now += 3_600_000;
  happens(agent('m', []));
  expect(view.agents.has('n')).toBe(true);
  // The leader is the first to write again, and the others have their time.
  happens(leader());
  expect(view.agents.has('n')).toBe(true);
  pass(2400);
  expect(view.agents.has('n')).toBe(false);
});

it('counts from when the agent was heard, and not from when the leader was', () => {
  now += 900;
  happens(heartbeat('n'));
  now += 200;
  happens(leader());
  pass(1500);
  expect(view.agents.has('n')).toBe(true);
  pass(300);
  expect(view.agents.has('n')).toBe(false);
});

it('takes an agent for gone within the time of its lease, which is two of its periods', () => {
  const heardAt = now;
  for (; view.agents.has('n'); happens(leader())) now += 200;
  expect(now - heardAt).toBeGreaterThanOrEqual(1800);
  expect(now - heardAt).toBeLessThanOrEqual(2000);
});

it('goes by the lease of an agent that writes no heartbeats', () => {
  happens(agent('old', []));
  pass(60_000);
  expect(view.agents.has('old')).toBe(true);
});

it('does not go by a heartbeat that cannot be read', () => {
  for (let n = 0; n < 10; n += 1) {
    happens(entry(keys.heartbeat('n'), '{"v":1,"beat":-1,"period_ms":1}'));
    pass(300);
  }
  expect(view.agents.has('n')).toBe(false);
});

it('gives all their time again after a snapshot, but those that were silent and have not been heard', () => {
  happens(agent('m', [heartbeatCapability]), heartbeat('m'));
  pass(1500);
  happens(heartbeat('m'));
  pass(1500);
  expect([...view.agents.keys()]).toEqual(['m']);
  const entries = [
    agent('n', [heartbeatCapability]),
    { ...agent('m', [heartbeatCapability]), modRevision: 1 },
    { ...heartbeat('m'), modRevision: 1 },
  ];
  const silentSince = view.heartbeats.get('n')?.revision ?? 0;
  const asBefore = entries.map((each) => (each.key === keys.agent('n') ? { ...each, modRevision: silentSince } : each));
  judged(view.apply({ kind: 'snapshot', revision, entries: asBefore }));
  expect([...view.agents.keys()]).toEqual(['m']);
  pass(1800);
  expect([...view.agents.keys()]).toEqual(['m']);
});
