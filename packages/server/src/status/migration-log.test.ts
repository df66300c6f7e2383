import { keys, type TapStateStatus } from '@taas/model';
import { type LogFields, silentLogger, systemClock } from '@taas/service';
import { beforeEach, describe, expect, it } from 'vitest';
import { acme } from '../test-cloud.suite.js';
import { History, uuid } from '../view/random-history.suite.js';
import { ViewState } from '../view/view-state.js';
import { MigrationLog } from './migration-log.js';

const flow = uuid('f');
let history: History;
let view: ViewState;
let log: MigrationLog;
let now: number;
let published: LogFields[];

beforeEach(() => {
  [history, view, now, published] = [new History(), new ViewState(), 0, []];
  const logger = { ...silentLogger, info: (fields: LogFields) => void published.push(fields) };
  log = new MigrationLog(view, { ...systemClock, monotonic: () => now }, logger);
  for (const node of ['old', 'new']) {
    agent(node, true);
    record(node);
  }
});

function change(key: string, value: object | null): void {
  const event = history.change(key, value && JSON.stringify(value));
  if (event) log.take(view.apply(event));
}
function agent(node: string, alive: boolean): void {
  const facts = { agent_version: '1', vpp_version: null, tunnel_address: null, physnets: [], capabilities: [] };
  change(keys.agent(node), alive ? { v: 1, node, ...facts } : null);
}
function record(node: string, removed = false): void {
  const what = { tap_service_id: uuid('a'), source_port: uuid('b'), direction: 'IN', vlan_filter: null, filter: [] };
  const target = { type: 'local' };
  change(keys.nodeResource(node, 'tap_flows', flow), { v: 1, id: flow, project_id: acme, ...what, target, removed });
}
function say(node: string, status: TapStateStatus, at: number): void {
  now = at;
  // Each report differs from the one before, or it would be no change.
  change(keys.stateResource(node, 'tap_flows', flow), { v: 1, id: flow, revision: 1, status, reason: `at ${at}` });
}
const moved = (gap_ms: number | null) => ({ kind: 'tap_flows', id: flow, from: 'old', to: 'new', gap_ms });

describe('the log of migrations', () => {
  it('says how long a tap stood on no node', () => {
    say('old', 'ACTIVE', 1);
    say('old', 'PENDING', 100);
    say('new', 'PENDING', 110);
    expect(published).toEqual([]);
    say('new', 'ACTIVE', 130);
    expect(published).toEqual([moved(30)]);
    expect(log.stats).toEqual({ hand_overs: 1, longest_gap_ms: 30 });
  });

  it('says that there was no gap when the new node stood before the old one let go', () => {
    say('old', 'ACTIVE', 1);
    say('new', 'ACTIVE', 100);
    expect(published).toEqual([]);
    say('old', 'REMOVED', 130);
    expect(published).toEqual([moved(0)]);
  });

  it('says nothing of a tap that comes back to the node that it was on, or that is new', () => {
    say('old', 'ACTIVE', 1);
    say('old', 'PENDING', 100);
    say('old', 'ACTIVE', 200);
    say('old', 'REMOVED', 300);
    expect(published).toEqual([]);
  });

  it('does not take what is mended in its place for a gap or a move', () => {
    say('old', 'ACTIVE', 1);
    say('new', 'ACTIVE', 2);
    say('old', 'DOWN', 3);
    say('old', 'ACTIVE', 4);
    expect(published).toEqual([]);
    say('new', 'DOWN', 5);
    say('old', 'REMOVED', 6);
    expect(published).toEqual([moved(0)]);
  });

  it('claims to know of no gap when the old node died, be it before or after the new one stood', () => {
    say('old', 'ACTIVE', 1);
    agent('old', false);
    say('new', 'ACTIVE', 100);
    expect(published).toEqual([moved(null)]);
    record('old', true);
    agent('old', true);
    say('old', 'REMOVED', 5_000);
    expect(published).toEqual([moved(null)]);
    say('new', 'PENDING', 6_000);
    say('old', 'ACTIVE', 6_100);
    say('new', 'ACTIVE', 6_200);
    published = [];
    agent('old', false);
    expect(published).toEqual([moved(null)]);
  });

  it('takes a node for what it said when it is back and was told nothing else', () => {
    say('old', 'ACTIVE', 1);
    agent('old', false);
    agent('old', true);
    say('old', 'PENDING', 100);
    say('new', 'ACTIVE', 140);
    expect(published).toEqual([moved(40)]);
  });

  it('begins anew with a snapshot, and still knows who was dead', () => {
    say('old', 'ACTIVE', 1);
    agent('old', false);
    say('new', 'ACTIVE', 100);
    published = [];
    log.take(view.apply(history.snapshot()));
    record('old', true);
    agent('old', true);
    say('old', 'REMOVED', 5_000);
    expect(published).toEqual([]);
  });
});
