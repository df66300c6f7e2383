import type { Direction, NodeTapFlow, NodeTapService } from '@taas/model';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Port } from 'vpp-sim';
import { Bench, type BenchNode } from './testing/bench.js';

const uuid = (kind: string, n: number) => `${kind.repeat(8)}-0000-4000-8000-${String(n).padStart(12, '0')}`;
const sources = [1, 2, 3];
const collectors = [4, 5];
const source = fc.constantFrom(...sources);
const anyPort = fc.constantFrom(...sources, ...collectors);
const tap = fc.constantFrom(1, 2, 3);

const operation = fc.oneof(
  fc.record({ do: fc.constant('service' as const), id: tap, port: fc.constantFrom(...collectors) }),
  fc.record({
    do: fc.constant('flow' as const),
    id: tap,
    service: tap,
    port: source,
    direction: fc.constantFrom<Direction>('IN', 'OUT', 'BOTH'),
    isExact: fc.boolean(),
  }),
  fc.record({ do: fc.constant('remove-service' as const), id: tap }),
  fc.record({ do: fc.constant('remove-flow' as const), id: tap }),
  fc.record({ do: fc.constant('forget-flow' as const), id: tap }),
  fc.record({ do: fc.constant('plug' as const), port: anyPort }),
  fc.record({ do: fc.constant('unplug' as const), port: anyPort }),
  fc.record({
    do: fc.constant('refuse' as const),
    message: fc.constantFrom(
      'create_loopback_instance',
      'l2_flags',
      'sw_interface_span_enable_disable',
      'delete_loopback',
      'sw_interface_set_l2_bridge',
      'create_subif',
    ),
  }),
  fc.record({ do: fc.constant('restart-agent' as const) }),
  fc.record({ do: fc.constant('lose-connection' as const) }),
  fc.record({ do: fc.constant('restart-vpp' as const) }),
  fc.record({ do: fc.constant('store-away' as const) }),
  fc.record({ do: fc.constant('breathe' as const) }),
);
type Operation = typeof operation extends fc.Arbitrary<infer O> ? O : never;

/** A node on which things happen, and what should be true of it in the end, kept without any of the agent's code. */
class Model {
  readonly services = new Map<number, NodeTapService>();
  readonly flows = new Map<number, NodeTapFlow>();
  readonly ports = new Map<number, Port>();
  readonly peers = new Map<number, Port>();
  #serial = 0;

  constructor(
    readonly bench: Bench,
    readonly node: BenchNode,
  ) {
    this.#addPeers();
  }

  async happen(o: Operation): Promise<void> {
    const { node, bench } = this;
    if (o.do === 'service') {
      const record = { v: 1, id: uuid('5', o.id), project_id: 'p', port_id: uuid('a', o.port), inputs: [] } as const;
      this.services.set(o.id, { ...record, inputs: [] });
      await node.wantService({ ...record, inputs: [] });
    } else if (o.do === 'flow') {
      const record: NodeTapFlow = {
        ...{ v: 1, id: uuid('f', o.id), project_id: 'p', tap_service_id: uuid('5', o.service), vlan_filter: null },
        ...{ source_port: uuid('a', o.port), direction: o.direction, filter: [], target: { type: 'local' } },
        ...(o.isExact ? { accounting: 'exact' } : {}),
      };
      this.flows.set(o.id, record);
      await node.wantFlow(record);
    } else if (o.do === 'remove-service') {
      const old = this.services.get(o.id);
      if (old) await node.wantService({ ...old, removed: true });
      this.services.delete(o.id);
    } else if (o.do === 'remove-flow') {
      const old = this.flows.get(o.id);
      if (old) await node.wantFlow({ ...old, removed: true });
      this.flows.delete(o.id);
    } else if (o.do === 'forget-flow') {
      await node.forget('tap_flows', uuid('f', o.id));
      this.flows.delete(o.id);
    } else if (o.do === 'plug') this.#plug(o.port);
    else if (o.do === 'unplug') {
      this.ports.get(o.port)?.remove();
      this.ports.delete(o.port);
    } else if (o.do === 'refuse') node.vpp.faults.refuse(o.message, -1, { times: 1 });
    else if (o.do === 'restart-agent') {
      await node.stop();
      await node.start();
    } else if (o.do === 'lose-connection') node.vpp.faults.dropConnection();
    else if (o.do === 'restart-vpp') {
      await node.vpp.faults.restartEmpty();
      this.#addPeers();
      for (const port of [...this.ports.keys()]) {
        this.ports.delete(port);
        this.#plug(port);
      }
    } else if (o.do === 'store-away') {
      bench.store.stop();
      bench.store.start();
    } else await new Promise((resolve) => setTimeout(resolve, 3));
  }

  #plug(n: number): void {
    if (this.ports.has(n)) return;
    const options = { name: `vm${n}-${this.#serial++}`, tag: `net-vpp.port:${uuid('a', n)}`, bridgeDomain: 10 + n };
    this.ports.set(n, this.node.vpp.addPort(options));
  }

  /** Each network has somebody else in it, so that there is traffic towards the VM too. */
  #addPeers(): void {
    for (const n of [...sources, ...collectors])
      this.peers.set(n, this.node.vpp.addPort({ name: `peer${n}`, bridgeDomain: 10 + n }));
  }

  stands(flow: NodeTapFlow): boolean {
    const service = this.services.get(Number(flow.tap_service_id.slice(-2)));
    const has = (port: string) => this.ports.has(Number(port.slice(-2)));
    return service !== undefined && has(service.port_id) && has(flow.source_port);
  }

  /** Every port's own traffic, and what of it every collector gets. */
  traffic(): { expected: Map<string, number>; got: Map<string, number> } {
    const expected = new Map<string, number>();
    const got = new Map<string, number>();
    for (const n of sources) {
      for (const [by, side] of [[this.ports.get(n), 'OUT'] as const, [this.peers.get(n), 'IN'] as const]) {
        for (const port of this.ports.values()) port.takeReceived();
        const frame = new Uint8Array(64).fill(n);
        frame.set([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, side === 'IN' ? 1 : 2, n, 0x88, 0xb5]);
        by?.send(frame);
        for (const c of collectors) got.set(`${n} ${side} ${c}`, this.ports.get(c)?.takeReceived().length ?? 0);
        for (const c of collectors) {
          const asked = [...this.flows.values()].filter(
            (f) =>
              f.source_port === uuid('a', n) &&
              (f.direction === 'BOTH' || f.direction === side) &&
              this.services.get(Number(f.tap_service_id.slice(-2)))?.port_id === uuid('a', c) &&
              this.stands(f),
          );
          // However many flows ask for a packet, it arrives once at each service.
          const services = new Set(asked.map((f) => f.tap_service_id));
          expected.set(`${n} ${side} ${c}`, by?.alive ? services.size : 0);
        }
      }
    }
    return { expected, got };
  }

  /** Resolves when every tap is reported as what it should be now, of the record that is wanted now. */
  async settled(): Promise<void> {
    await this.bench.until(
      async () => ((await this.wrong()) === null ? true : undefined),
      async () => `not settled: ${await this.wrong()}`,
    );
  }

  async wrong(): Promise<string | null> {
    for (const flow of this.flows.values()) {
      const state = await this.node.state('tap_flows', flow.id);
      const status = this.stands(flow) ? 'ACTIVE' : 'PENDING';
      if (state?.status !== status) return `${flow.id} ${JSON.stringify(state)} not ${status}`;
    }
    for (const service of this.services.values()) {
      const state = await this.node.state('tap_services', service.id);
      const status = this.ports.has(Number(service.port_id.slice(-2))) ? 'ACTIVE' : 'PENDING';
      if (state?.status !== status) return `${service.id} ${JSON.stringify(state)} not ${status}`;
    }
    const probe = this.node.vpp.dumpState().interfaces.find(({ tag }) => tag.startsWith('taas.probe'));
    if (probe) return `${probe.name} is left of finding out the feature bits`;
    const { expected, got } = this.traffic();
    for (const [what, count] of expected) if (got.get(what) !== count) return `${what}: ${got.get(what)}, not ${count}`;
    const [first] = await this.node.dryRun();
    return first === 'nothing to do' ? null : `still to be done: ${first}`;
  }
}

it('comes to what is wanted, whatever happened in whatever order, and then has nothing to do', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(operation, { maxLength: 25 }), async (operations) => {
      const bench = await Bench.create();
      try {
        const node = await bench.addNode('n1', {
          intervals: { verify_ms: 100, port_poll_ms: 10, retry_first_ms: 10, retry_max_ms: 100 },
        });
        const model = new Model(bench, node);
        for (const port of [1, 2, 4]) await model.happen({ do: 'plug', port });
        await node.start();
        for (const each of operations) await model.happen(each);
        node.vpp.faults.clear();
        await model.settled();
        await node.stop();
        node.vpp.resetWrites();
        const before = JSON.stringify(node.vpp.dumpState());
        await node.start();
        const revision = await node.wantFlow({
          ...{ v: 1, id: uuid('f', 99), project_id: 'p', tap_service_id: uuid('5', 99), source_port: uuid('a', 99) },
          ...{ direction: 'IN', vlan_filter: null, filter: [], target: { type: 'local' } },
        });
        await node.until('tap_flows', uuid('f', 99), revision, 'PENDING');
        expect(node.vpp.writesOfFollowers.total).toBe(0);
        expect(JSON.stringify(node.vpp.dumpState())).toBe(before);
        expect(await model.wrong()).toBeNull();
      } finally {
        await bench.close();
      }
    }),
    { numRuns: 40 },
  );
}, 60_000);
