import {
  keys,
  type NodeTapFlow,
  type NodeTapMirror,
  type NodeTapService,
  parseKey,
  prefixes,
  tapStateCodec,
} from '@taas/model';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { acme, portId, TestCloud } from '../test-cloud.suite.js';

const nodes = ['node1', 'node2', 'node3'];
const [collector, source] = [portId(1), portId(2)];
const ports = [collector, source];

/** A node as its switch stands: an agent that is slow or dead leaves it as it was. */
interface Node {
  alive: boolean;
  flow: NodeTapFlow | null;
  service: NodeTapService | null;
  mirror: NodeTapMirror | null;
}

/** One tap, a mirror of the same source, the switches under it, and the VMs at its ends, which are on one node each. */
class World {
  readonly cloud = new TestCloud({ options: [{ type: 'vxlan', first: 5, last: 9 }], projectShare: 1 });
  readonly #nodes = new Map(
    nodes.map((name) => [name, { alive: true, flow: null, service: null, mirror: null } as Node]),
  );
  /** Where a port's VM is, and the only switch that has the port. */
  readonly #vm = new Map([
    [collector, 'node1'],
    [source, 'node2'],
  ]);
  readonly bound = new Map<string, string | null>(this.#vm);

  async start(): Promise<void> {
    const server = await this.cloud.replica();
    for (const node of nodes) await this.cloud.agent(node);
    for (const port of ports) await this.cloud.bind(this.vm(port), port);
    await this.cloud.lead(server);
    const post = (kind: string, body: object) => server.as(acme)('POST', `/v2.0/taas/${kind}`, body);
    const service = await post('tap_services', { tap_service: { port_id: collector } });
    const flow = { tap_service_id: service.body.tap_service.id, source_port: source, direction: 'BOTH' };
    await post('tap_flows', { tap_flow: flow });
    const mirror = { port_id: source, mirror_type: 'gre', remote_ip: '198.51.100.9', directions: { BOTH: 5 } };
    await post('tap_mirrors', { tap_mirror: mirror });
    await this.rest();
  }

  vm(port: string): string {
    return this.#vm.get(port) ?? '';
  }

  async bind(port: string, node: string | null): Promise<void> {
    const before = this.bound.get(port);
    if (before) await this.cloud.unbind(before, port);
    if (node) await this.cloud.bind(node, port);
    this.bound.set(port, node);
  }

  /** The VM goes to another node, and its port with it: what was wired to it copies nothing any more. */
  move(port: string, node: string): void {
    this.#vm.set(port, node);
  }

  /** The node's agent takes what it is told, and says how that stands. @returns whether it had anything to say */
  async act(name: string): Promise<boolean> {
    const node = this.#node(name);
    if (!node.alive) return false;
    let news = false;
    [node.flow, node.service, node.mirror] = [null, null, null];
    for (const [key, { kv, json }] of await this.cloud.read(prefixes.nodeTaas(name))) {
      const parsed = parseKey(key);
      if (parsed.is !== 'node-resource') continue;
      const removed = json['removed'] === true;
      if (!removed && parsed.kind === 'tap_flows') node.flow = json as NodeTapFlow;
      if (!removed && parsed.kind === 'tap_services') node.service = json as NodeTapService;
      if (!removed && parsed.kind === 'tap_mirrors') node.mirror = json as NodeTapMirror;
      const here = this.vm(parsed.kind === 'tap_services' ? collector : source) === name;
      const status = removed ? 'REMOVED' : here ? 'ACTIVE' : 'PENDING';
      const state = tapStateCodec.format({ v: 1, id: parsed.id, revision: kv.modRevision, status, reason: '' });
      const stateKey = keys.stateResource(name, parsed.kind, parsed.id);
      if ((await this.cloud.store.get(stateKey))?.value === state) continue;
      await this.cloud.put(stateKey, state);
      news = true;
    }
    return news;
  }

  async live(name: string, alive: boolean): Promise<void> {
    this.#node(name).alive = alive;
    if (alive) await this.cloud.agent(name);
    else await this.cloud.delete(keys.agent(name));
  }

  /** Everybody answers everybody until nobody has anything to say. */
  async rest(): Promise<void> {
    for (let round = 0; round < 30; round++) {
      await this.cloud.settle();
      const news = [];
      for (const name of nodes) news.push(await this.act(name));
      if (!news.includes(true)) return;
    }
    throw new Error('compiler and agents do not come to rest');
  }

  /** The node where a frame of the source's VM reaches the collector's as a copy; none if it does not. */
  copiesAt(): string | null {
    const from = this.vm(source);
    const { flow } = this.#node(from);
    if (!flow) return null;
    const { target } = flow;
    const to = target.type === 'vxlan' ? `node${target.remote.at(-1)}` : from;
    const { service } = this.#node(to);
    const enters =
      to === from || service?.inputs.some((i) => i.type === 'vxlan' && i.remote.endsWith(`.${from.at(-1)}`));
    // With the collector's service on the source's own node, a flow that aims elsewhere has no way out.
    const leaves = to === from || !this.#node(from).service;
    return service && enters && leaves && this.vm(collector) === to ? to : null;
  }

  /** Whether what the source's VM sends leaves its node by the mirror. */
  mirrored(): boolean {
    const node = this.vm(source);
    return this.#node(node).mirror?.local === `10.0.0.${node.at(-1)}`;
  }

  #node(name: string): Node {
    const node = this.#nodes.get(name);
    if (!node) throw new RangeError(name);
    return node;
  }
}

type Step =
  | { readonly do: 'bind'; readonly port: string; readonly node: string | null }
  | { readonly do: 'act' | 'die' | 'return'; readonly node: string }
  | { readonly do: 'move'; readonly port: string; readonly node: string }
  | { readonly do: 'settle' };

const node = fc.constantFrom(...nodes);
const port = fc.constantFrom(...ports);
const bind = fc.record({ do: fc.constant('bind' as const), port, node: fc.option(node) });
const act = fc.record({ do: fc.constant('act' as const), node });
const settle = fc.constant({ do: 'settle' } as const);
const quiet: fc.Arbitrary<Step> = fc.oneof(bind, { weight: 3, arbitrary: act }, { weight: 2, arbitrary: settle });
const any: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: quiet },
  fc.record({ do: fc.constantFrom('die' as const, 'return' as const), node }),
  fc.record({ do: fc.constant('move' as const), port, node }),
);

async function inWorld(steps: readonly Step[], check: (world: World) => void): Promise<void> {
  const world = new World();
  try {
    await world.start();
    check(world);
    for (const step of steps) {
      if (step.do === 'bind') await world.bind(step.port, step.node);
      else if (step.do === 'act') await world.act(step.node);
      else if (step.do === 'move') world.move(step.port, step.node);
      else if (step.do === 'settle') await world.cloud.settle();
      else await world.live(step.node, step.do === 'return');
      check(world);
    }
    // In the end everybody is there, and each VM where its port is bound.
    for (const name of nodes) await world.live(name, true);
    for (const each of ports) {
      const at = world.bound.get(each) ?? 'node3';
      if (!world.bound.get(each)) await world.bind(each, at);
      world.move(each, at);
    }
    await world.rest();
    expect(world.copiesAt()).toBe(world.bound.get(collector));
    expect(world.mirrored()).toBe(true);
    const published = [...(await world.cloud.nodeRecords()).keys()].map(parseKey);
    expect(new Set(published.map((key) => key.is === 'node-resource' && `${key.kind} ${key.node}`))).toEqual(
      new Set([
        `tap_services ${world.bound.get(collector)}`,
        ...['tap_flows', 'tap_mirrors'].map((kind) => `${kind} ${world.bound.get(source)}`),
      ]),
    );
  } finally {
    await world.cloud.stop();
  }
}

describe('for any order of bindings, answers, moves and deaths', () => {
  it('copies come to the right place in the end, with nothing left of others', () =>
    fc.assert(
      fc.asyncProperty(fc.array(any, { maxLength: 30 }), (steps) => inWorld(steps, () => undefined)),
      { numRuns: 60 },
    ));

  it('copies never stop while both VMs are where they were, whatever is said of where their ports are bound', () =>
    fc.assert(
      fc.asyncProperty(
        // But to the source's own node, which is not way in and way out of one service at once.
        fc.array(
          quiet.filter((step) => step.do !== 'bind' || step.port !== collector || step.node !== 'node2'),
          {
            maxLength: 30,
          },
        ),
        (steps) => inWorld(steps, (world) => expect([world.copiesAt(), world.mirrored()]).toEqual(['node1', true])),
      ),
      { numRuns: 60 },
    ));
});
