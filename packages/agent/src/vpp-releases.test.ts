import { agentCodec, keys } from '@taas/model';
import { compareFrames, sampleTraffic } from '@taas/packets';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Port, type Release, type ReleaseName, releases } from 'vpp-sim';
import { Bench, type BenchNode } from './testing/bench.js';

const id = (kind: string) => `${kind.repeat(8)}-0000-4000-8000-000000000001`;
const common = { v: 1, project_id: 'p' } as const;
const traffic = sampleTraffic({ vmMac: '02:00:00:00:00:01', rounds: 1 });

let bench: Bench;
beforeEach(async () => {
  bench = await Bench.create();
});
afterEach(() => bench.close());

interface Tapped {
  readonly node: BenchNode;
  readonly source: Port;
  readonly peer: Port;
  readonly collector: Port;
  readonly revision: number;
}

let nodes = 0;

/** A tap on one node, asked for and not yet seen. */
async function asked(release: Release, more: Record<string, unknown> = {}): Promise<Tapped> {
  const name = `n${nodes++}`;
  const node = await bench.addNode(name, more, release);
  const source = node.vpp.addPort({ name: 'vm1', tag: `net-vpp.port:${id('a')}`, bridgeDomain: 10 });
  const peer = node.vpp.addPort({ name: 'vm2', bridgeDomain: 10 });
  const collector = node.vpp.addPort({ name: 'vm3', tag: `net-vpp.port:${id('c')}`, bridgeDomain: 20 });
  await node.start();
  await node.wantService({ ...common, id: id('5'), port_id: id('c'), inputs: [] });
  const flow = { tap_service_id: id('5'), source_port: id('a'), direction: 'BOTH', vlan_filter: null } as const;
  const revision = await node.wantFlow({ ...common, id: id('f'), ...flow, filter: [], target: { type: 'local' } });
  return { node, source, peer, collector, revision };
}

const active = ({ node, revision }: Tapped) => node.until('tap_flows', id('f'), revision, 'ACTIVE');

function copied({ source, peer, collector }: Tapped) {
  collector.takeReceived();
  for (const { sentByVm, frame } of traffic) (sentByVm ? source : peer).send(frame);
  return compareFrames(
    traffic.map(({ frame }) => frame),
    collector.takeReceived(),
  );
}
const exact = { matched: traffic.length, lost: [], duplicated: [], foreign: [] };

describe('an agent on a VPP whose bits nobody has told it', () => {
  it('has taps that copy each frame once, are mended when VPP forgets them, and go without a trace', async () => {
    const names: ReleaseName[] = ['20.09', '22.06', '26.06'];
    const shuffled = fc.constantFrom(...names).chain((name) => {
      const order = <T>(list: readonly T[]) => fc.shuffledSubarray([...list], { minLength: list.length });
      const { inputFeatures, outputFeatures } = releases[name];
      return fc.record({ name: fc.constant(name), input: order(inputFeatures), output: order(outputFeatures) });
    });
    await fc.assert(
      fc.asyncProperty(shuffled, async ({ name, input, output }) => {
        const tapped = await asked({ ...releases[name], inputFeatures: input, outputFeatures: output });
        await active(tapped);
        expect(copied(tapped)).toEqual(exact);
        // Leaving layer 2 clears the bits, while VPP goes on listing the mirror.
        const { engine } = tapped.node.vpp;
        engine.setL3(tapped.source.swIfIndex);
        engine.joinBridge(tapped.source.swIfIndex, 10);
        await bench.until(
          () => (copied(tapped).matched === traffic.length ? true : undefined),
          async () => `not copied again: ${JSON.stringify(await tapped.node.state('tap_flows', id('f')))}`,
        );
        await active(tapped);
        expect(copied(tapped)).toEqual(exact);
        await tapped.node.stop();
      }),
      { numRuns: 8 },
    );
  });

  it('calls nothing ACTIVE and changes nothing where it cannot be found out, and says why', async () => {
    const tapped = await asked({ ...releases['22.06'], printsFeatures: false });
    const { node, revision } = tapped;
    const before = node.vpp.dumpState().span;
    const state = await node.until(
      'tap_flows',
      id('f'),
      revision,
      'DOWN',
      /VPP 22\.06-sim cannot be judged: .*prints no features/,
    );
    expect(state.status_code).toBe('feature_bits_unknown');
    await node.until('tap_services', id('5'), revision - 1, 'DOWN', /cannot be judged/);
    expect(node.vpp.dumpState().span).toEqual(before);
    expect(node.vpp.writesOfFollowers.total).toBe(0);
    expect(JSON.stringify(node.vpp.dumpState())).not.toContain('taas.');
  });

  it('knows all the same whether an uplink is in layer 2, which keeps the copies of all nodes off its network', async () => {
    const { node } = await asked({ ...releases['22.06'], printsFeatures: false });
    const { engine } = node.vpp;
    const said = async (layer2: readonly string[]) =>
      bench.until(
        async () => {
          const value = (await node.store.get(keys.agent(node.name)))?.value;
          if (value === undefined) return undefined;
          const { physnets, layer2_physnets } = agentCodec.parse('agent', value);
          return physnets.includes('phys1') && layer2_physnets?.join() === layer2.join() ? true : undefined;
        },
        async () => `${(await node.store.get(keys.agent(node.name)))?.value}`,
      );
    await said([]);
    engine.joinBridge(node.uplink.swIfIndex, 30);
    await said(['phys1']);
    engine.setL3(node.uplink.swIfIndex);
    await said([]);
  });

  it('takes away what an agent left that was killed while it was finding out', async () => {
    const node = await bench.addNode('n', {}, releases['20.09']);
    const { engine } = node.vpp;
    const left = engine.createLoopback(new Uint8Array([2, 0x74, 0x62, 0x70, 0x72, 0x61]));
    left.tag = 'taas.probe:agent';
    engine.joinBridge(left.swIfIndex, 0x8fffff);
    engine.span.set(left.swIfIndex, 0, 3, true);
    await node.start();
    await bench.until(
      () => (JSON.stringify(node.vpp.dumpState()).includes('taas.probe') ? undefined : true),
      () => JSON.stringify(node.vpp.dumpState()),
    );
    expect(node.vpp.dumpState().span).toEqual([]);
  });
});

it('a budget that a VPP has no policers for refuses the taps, and says which VPP', async () => {
  const tapped = await asked(releases['22.06'], { budget: { flow: { max_kbps: 1000 } } });
  const { node, revision } = tapped;
  await node.until('tap_flows', id('f'), revision, 'ERROR', /a budget for copies: 22\.06-sim has none .*policer_add/);
  expect(copied(tapped).matched).toBe(0);
  await node.restart({});
  await active(tapped);
  expect(copied(tapped)).toEqual(exact);
});
