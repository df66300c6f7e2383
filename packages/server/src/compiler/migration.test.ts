import { keys, type NodeTapFlow, type NodeTapService, type TapStateStatus, tapStateCodec } from '@taas/model';
import { describe, expect, it } from 'vitest';
import { acme, portId, type Replica, TestCloud, umbrella } from '../test-cloud.suite.js';

const nodes = ['node1', 'node2', 'node3'];
const [collector, source] = [portId(1), portId(2)];

/** A tap from `from` to `to`, ACTIVE, with copies by VXLAN, so that each node has another way to the collector. */
class Tap {
  readonly cloud = new TestCloud({ options: [{ type: 'vxlan', first: 5, last: 9 }], projectShare: 1 });
  service = '';
  flow = '';

  private constructor() {}

  static async run(from: string, to: string, test: (tap: Tap, server: Replica) => Promise<void>): Promise<void> {
    const tap = new Tap();
    const { cloud } = tap;
    try {
      const server = await cloud.replica();
      for (const node of nodes) await cloud.agent(node);
      await cloud.bind(to, collector);
      await cloud.bind(from, source);
      await cloud.lead(server);
      const post = async (kind: string, body: object) =>
        (await server.as(acme)('POST', `/v2.0/taas/${kind}`, body)).body;
      tap.service = (await post('tap_services', { tap_service: { port_id: collector } })).tap_service.id;
      const flow = { tap_service_id: tap.service, source_port: source, direction: 'BOTH' };
      tap.flow = (await post('tap_flows', { tap_flow: flow })).tap_flow.id;
      await cloud.converge(nodes);
      expect(await tap.status(server)).toBe('ACTIVE');
      await test(tap, server);
    } finally {
      await cloud.stop();
    }
  }

  async status(server: Replica): Promise<string> {
    const { body } = await server.as(acme)('GET', `/v2.0/taas/tap_flows/${this.flow}`);
    return body.tap_flow.status;
  }

  /** Where the flow is told, and whereto; a removed one is `-`. */
  async flowAt(node: string): Promise<string | null> {
    const record = await this.#record<NodeTapFlow>(node, 'tap_flows', this.flow);
    if (!record) return null;
    if (record.removed) return '-';
    const { target } = record;
    return target.type === 'vxlan' ? `node${target.remote.at(-1)}` : target.type;
  }

  /** The nodes that a collector's node takes copies from; a removed service is `-`. */
  async inputsAt(node: string): Promise<string | null> {
    const record = await this.#record<NodeTapService>(node, 'tap_services', this.service);
    if (!record) return null;
    if (record.removed) return '-';
    return record.inputs.map((input) => (input.type === 'vxlan' ? `node${input.remote.at(-1)}` : '')).join();
  }

  /** All that the nodes are told, for comparing. */
  async published(): Promise<Record<string, readonly [flow: string | null, inputs: string | null]>> {
    const rows = nodes.map(async (node) => [node, [await this.flowAt(node), await this.inputsAt(node)]] as const);
    return Object.fromEntries(
      (await Promise.all(rows)).filter(([, [flow, inputs]]) => flow !== null || inputs !== null),
    );
  }

  async say(node: string, kind: 'tap_flows' | 'tap_services', status: TapStateStatus): Promise<void> {
    const id = kind === 'tap_flows' ? this.flow : this.service;
    const revision = (await this.cloud.store.get(keys.nodeResource(node, kind, id)))?.modRevision ?? 0;
    const state = tapStateCodec.format({ v: 1, id, revision, status, reason: '' });
    await this.cloud.put(keys.stateResource(node, kind, id), state);
    await this.cloud.settle();
  }

  /** As {@link say}, by an agent that is newer than the server. */
  async sayInNewerFormat(node: string, kind: 'tap_flows' | 'tap_services'): Promise<void> {
    const id = kind === 'tap_flows' ? this.flow : this.service;
    await this.cloud.put(keys.stateResource(node, kind, id), JSON.stringify({ v: 2, id, standing: 'well' }));
    await this.cloud.settle();
  }

  async #record<T>(node: string, kind: 'tap_flows' | 'tap_services', id: string): Promise<T | null> {
    const found = await this.cloud.store.get(keys.nodeResource(node, kind, id));
    return found ? JSON.parse(found.value) : null;
  }
}

describe('a source that moves', () => {
  it('is copied on its old node until its new one copies', () =>
    Tap.run('node2', 'node1', async (tap, server) => {
      await tap.cloud.bind('node3', source);
      await tap.cloud.settle();
      expect(await tap.published()).toEqual({
        node1: [null, 'node2,node3'],
        node2: ['node1', null],
        node3: ['node1', null],
      });
      expect(await tap.status(server)).toBe('PENDING_CREATE');
      await tap.cloud.report('node1');
      await tap.say('node3', 'tap_flows', 'PENDING');
      expect(await tap.flowAt('node2')).toBe('node1');
      await tap.say('node3', 'tap_flows', 'ACTIVE');
      expect(await tap.published()).toEqual({ node1: [null, 'node3'], node2: ['-', null], node3: ['node1', null] });
      await tap.cloud.converge(nodes);
      expect(await tap.published()).toEqual({ node1: [null, 'node3'], node3: ['node1', null] });
      expect(await tap.status(server)).toBe('ACTIVE');
    }));

  it('stays where it stands while it is bound nowhere, as between the two keys of a migration', () =>
    Tap.run('node2', 'node1', async (tap, server) => {
      const before = await tap.published();
      await tap.cloud.unbind('node2', source);
      await tap.cloud.settle();
      expect(await tap.published()).toEqual(before);
      expect(await tap.status(server)).toBe('PENDING_CREATE');
      await tap.cloud.bind('node3', source);
      await tap.cloud.settle();
      expect(await tap.flowAt('node2')).toBe('node1');
      expect(await tap.flowAt('node3')).toBe('node1');
    }));

  it('is not let go by a server that cannot read what a newer agent says', () =>
    Tap.run('node2', 'node1', async (tap, server) => {
      const before = await tap.published();
      for (const kind of ['tap_flows', 'tap_services'] as const)
        for (const node of ['node1', 'node2'])
          if (kind === 'tap_flows' || node === 'node1') await tap.sayInNewerFormat(node, kind);
      expect(await tap.published()).toEqual(before);
      expect(await tap.status(server)).toBe('DOWN');
      await tap.cloud.bind('node3', source);
      await tap.cloud.settle();
      expect([await tap.flowAt('node2'), await tap.flowAt('node3')]).toEqual(['node1', 'node1']);
      // Nor is the new node taken to stand for what cannot be read.
      await tap.sayInNewerFormat('node3', 'tap_flows');
      expect([await tap.flowAt('node2'), await tap.flowAt('node3')]).toEqual(['node1', 'node1']);
      await tap.say('node3', 'tap_flows', 'ACTIVE');
      expect([await tap.flowAt('node2'), await tap.flowAt('node3')]).toEqual(['-', 'node1']);
      await tap.sayInNewerFormat('node2', 'tap_flows');
      expect(await tap.flowAt('node2')).toBe('-');
    }));

  it('is let go where what is said cannot be read once the agent there is gone', () =>
    Tap.run('node2', 'node1', async (tap) => {
      await tap.sayInNewerFormat('node2', 'tap_flows');
      await tap.cloud.bind('node3', source);
      await tap.cloud.settle();
      expect(await tap.flowAt('node2')).toBe('node1');
      await tap.cloud.delete(keys.agent('node2'));
      await tap.cloud.settle();
      expect(await tap.flowAt('node2')).toBe('-');
    }));

  it('is not let go, nor taken back, for what somebody undid in VPP meanwhile', () =>
    Tap.run('node2', 'node1', async (tap, server) => {
      await tap.say('node2', 'tap_flows', 'DOWN');
      expect(await tap.status(server)).toBe('DOWN');
      await tap.cloud.bind('node3', source);
      await tap.cloud.settle();
      expect(await tap.flowAt('node2')).toBe('node1');
      await tap.say('node3', 'tap_flows', 'DOWN');
      expect([await tap.flowAt('node2'), await tap.flowAt('node3')]).toEqual(['-', 'node1']);
    }));

  for (const [what, end] of [
    ['its port is gone there', (tap: Tap) => tap.say('node2', 'tap_flows', 'PENDING')],
    ['its agent is gone there', (tap: Tap) => tap.cloud.delete(keys.agent('node2'))],
    ['its new node has failed', (tap: Tap) => tap.say('node3', 'tap_flows', 'ERROR')],
    ['its new node has no agent', (tap: Tap) => tap.cloud.delete(keys.agent('node3'))],
    ['its port turns out to be somebody else’s', (tap: Tap) => tap.cloud.bind('node3', source, umbrella)],
  ] as const)
    it(`is let go on its old node when ${what}`, () =>
      Tap.run('node2', 'node1', async (tap) => {
        await tap.cloud.bind('node3', source);
        await tap.cloud.settle();
        expect(await tap.flowAt('node2')).toBe('node1');
        await end(tap);
        await tap.cloud.settle();
        expect(await tap.flowAt('node2')).toBe('-');
      }));

  it('needs nothing of a dead old node, which takes its tombstone when it is back', () =>
    Tap.run('node2', 'node1', async (tap, server) => {
      await tap.cloud.delete(keys.agent('node2'));
      await tap.cloud.bind('node3', source);
      await tap.cloud.converge(['node1', 'node3']);
      expect(await tap.published()).toEqual({ node1: [null, 'node3'], node2: ['-', null], node3: ['node1', null] });
      expect(await tap.status(server)).toBe('ACTIVE');
      await tap.cloud.agent('node2');
      // It has not read its tombstone yet, and what it said last is still there.
      await tap.cloud.settle();
      expect(await tap.flowAt('node2')).toBe('-');
      await tap.cloud.converge(nodes);
      expect(await tap.flowAt('node2')).toBe(null);
    }));

  it('comes back before it was gone: the old node goes on as though nothing had been', () =>
    Tap.run('node2', 'node1', async (tap, server) => {
      const before = await tap.cloud.nodeRecords();
      const key = keys.nodeResource('node2', 'tap_flows', tap.flow);
      await tap.cloud.bind('node3', source);
      await tap.cloud.settle();
      await tap.cloud.bind('node2', source);
      await tap.cloud.settle();
      expect(await tap.flowAt('node3')).toBe('-');
      expect((await tap.cloud.nodeRecords()).get(key)).toEqual(before.get(key));
      expect(await tap.status(server)).toBe('PENDING_CREATE'); // node1's inputs have changed twice.
      await tap.cloud.converge(nodes);
      expect(await tap.status(server)).toBe('ACTIVE');
    }));
});

describe('a collector that moves', () => {
  it('is told on its new node first; then its sources are switched; then its old node is told to let go', () =>
    Tap.run('node1', 'node2', async (tap, server) => {
      await tap.cloud.bind('node3', collector);
      await tap.cloud.settle();
      expect(await tap.published()).toEqual({ node1: ['node2', null], node2: [null, 'node1'], node3: [null, 'node1'] });
      expect(await tap.status(server)).toBe('PENDING_CREATE');
      await tap.say('node3', 'tap_services', 'ACTIVE');
      expect(await tap.published()).toEqual({ node1: ['node3', null], node2: [null, 'node1'], node3: [null, 'node1'] });
      expect(await tap.status(server)).toBe('PENDING_CREATE');
      await tap.say('node1', 'tap_flows', 'ACTIVE');
      expect(await tap.published()).toEqual({ node1: ['node3', null], node2: [null, '-'], node3: [null, 'node1'] });
      expect(await tap.status(server)).toBe('ACTIVE');
      await tap.cloud.converge(nodes);
      expect(await tap.published()).toEqual({ node1: ['node3', null], node3: [null, 'node1'] });
    }));

  it('is taken in on its old node until its sources are switched, though what is said there cannot be read', () =>
    Tap.run('node1', 'node2', async (tap) => {
      await tap.cloud.bind('node3', collector);
      await tap.cloud.settle();
      await tap.sayInNewerFormat('node2', 'tap_services');
      await tap.say('node3', 'tap_services', 'ACTIVE');
      expect(await tap.published()).toEqual({ node1: ['node3', null], node2: [null, 'node1'], node3: [null, 'node1'] });
      await tap.say('node1', 'tap_flows', 'ACTIVE');
      expect(await tap.published()).toEqual({ node1: ['node3', null], node2: [null, '-'], node3: [null, 'node1'] });
    }));

  it('takes its sources along at once when its old node has lost it or is dead', async () => {
    for (const lose of [
      (tap: Tap) => tap.say('node2', 'tap_services', 'PENDING'),
      (tap: Tap) => tap.cloud.delete(keys.agent('node2')),
    ])
      await Tap.run('node1', 'node2', async (tap) => {
        await tap.cloud.bind('node3', collector);
        await tap.cloud.settle();
        await lose(tap);
        await tap.cloud.settle();
        expect(await tap.published()).toEqual({ node1: ['node3', null], node2: [null, '-'], node3: [null, 'node1'] });
      });
  });

  it('does not wait for a source whose agent is dead', () =>
    Tap.run('node1', 'node2', async (tap) => {
      await tap.cloud.bind('node3', collector);
      await tap.cloud.settle();
      await tap.cloud.delete(keys.agent('node1'));
      await tap.say('node3', 'tap_services', 'ACTIVE');
      expect(await tap.inputsAt('node2')).toBe('-');
    }));

  it('leaves its sources alone while it is bound nowhere', () =>
    Tap.run('node1', 'node2', async (tap, server) => {
      const before = await tap.cloud.nodeRecords();
      await tap.cloud.unbind('node2', collector);
      await tap.cloud.settle();
      expect(await tap.cloud.nodeRecords()).toEqual(before);
      expect(await tap.status(server)).toBe('PENDING_CREATE');
      await tap.say('node2', 'tap_services', 'PENDING');
      expect(await tap.published()).toEqual({ node1: ['-', null], node2: [null, '-'] });
    }));

  it('from the node of its source: the source aims elsewhere when the collector is let go there', () =>
    Tap.run('node1', 'node1', async (tap) => {
      await tap.cloud.bind('node3', collector);
      await tap.cloud.settle();
      expect(await tap.published()).toEqual({ node1: ['local', ''], node3: [null, 'node1'] });
      await tap.say('node3', 'tap_services', 'ACTIVE');
      expect(await tap.published()).toEqual({ node1: ['node3', '-'], node3: [null, 'node1'] });
    }));

  it('to the node of its source: that is no way out any more as soon as it is a way in', () =>
    Tap.run('node3', 'node2', async (tap) => {
      await tap.cloud.bind('node3', collector);
      await tap.cloud.settle();
      expect(await tap.published()).toEqual({ node2: [null, ''], node3: ['local', ''] });
      await tap.say('node3', 'tap_services', 'ACTIVE');
      await tap.say('node3', 'tap_flows', 'ACTIVE');
      expect(await tap.inputsAt('node2')).toBe('-');
    }));

  it('and its source move at once', () =>
    Tap.run('node1', 'node2', async (tap, server) => {
      await tap.cloud.bind('node3', collector);
      await tap.cloud.bind('node2', source);
      await tap.cloud.settle();
      expect(await tap.published()).toEqual({
        node1: ['node2', null],
        node2: ['local', 'node1'],
        node3: [null, 'node1,node2'],
      });
      await tap.cloud.converge(nodes);
      expect(await tap.published()).toEqual({ node2: ['node3', null], node3: [null, 'node2'] });
      expect(await tap.status(server)).toBe('ACTIVE');
    }));
});
