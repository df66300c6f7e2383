import { createSnapshot, featureBits } from '@taas/wiring';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { INPUT, OUTPUT, type Release, type ReleaseName, releases } from 'vpp-sim';
import { Bench, type BenchNode } from '../testing/bench.js';
import type { FeatureBits } from './feature-bits.js';
import { learnFeatureBits } from './learn-feature-bits.js';
import { layer2Features } from './objects/layer2-features.js';

let bench: Bench;
beforeEach(async () => {
  bench = await Bench.create();
});
afterEach(() => bench.close());

const bridgeDomains = [100, 200] as const;
let nodes = 0;

async function learn(release: Release): Promise<{ readonly node: BenchNode; readonly bits: FeatureBits }> {
  const node = await bench.addNode(`n${nodes++}`, {}, release);
  const vpp = await node.connectVpp(new AbortController().signal);
  try {
    const before = JSON.stringify(node.vpp.dumpState());
    const bits = await learnFeatureBits({ vpp, bridgeDomains, as: 'agent' });
    expect(JSON.stringify(node.vpp.dumpState())).toBe(before);
    return { node, bits };
  } finally {
    await vpp.close();
  }
}

/** Where a feature is in a release's list. */
function listed(release: Release, name: string): number {
  return 1 << release.inputFeatures.findIndex((each) => each.name === name);
}

function expected(release: Release) {
  return {
    inputFlood: listed(release, 'FLOOD'),
    inputUuFlood: listed(release, 'UU_FLOOD'),
    inputForward: listed(release, 'FWD'),
    inputLearn: listed(release, 'LEARN'),
    inputClassifier: listed(release, 'ACL'),
    inputAcl: listed(release, 'INPUT_FEAT_ARC'),
    inputSpan: listed(release, 'SPAN'),
  };
}

describe('the bits of features', () => {
  it.each(Object.keys(releases) as ReleaseName[])('are found out on %s, and nothing is left of that', async (name) => {
    const { bits } = await learn(releases[name]);
    expect(Object.fromEntries(bits.input)).toMatchObject(expected(releases[name]));
    const hasPolicers = !releases[name].differences.absent.includes('policer_add');
    expect(bits.input.get('inputPolicer')).toBe(hasPolicers ? listed(releases[name], 'POLICER_CLAS') : undefined);
    expect(bits.outputSpan).toEqual(name === '26.06' ? { bit: OUTPUT.SPAN } : { line: 'SPAN (span-l2-output)' });
  });

  it('are found out whatever their order is', async () => {
    const names: ReleaseName[] = ['20.09', '22.06', '26.06'];
    const shuffled = fc.constantFrom(...names).chain((name) => {
      const { inputFeatures, outputFeatures } = releases[name];
      const order = <T>(list: readonly T[]) => fc.shuffledSubarray([...list], { minLength: list.length });
      return fc.record({ name: fc.constant(name), input: order(inputFeatures), output: order(outputFeatures) });
    });
    await fc.assert(
      fc.asyncProperty(shuffled, async ({ name, input, output }) => {
        const release = { ...releases[name], inputFeatures: input, outputFeatures: output };
        const { bits } = await learn(release);
        expect(Object.fromEntries(bits.input)).toMatchObject(expected(release));
      }),
      { numRuns: 25 },
    );
  });

  it.each<ReleaseName>(['20.09', '26.02', '26.06'])(
    'say of a port on %s whether it is copied, and whether it is in layer 2',
    async (name) => {
      const { node, bits } = await learn(releases[name]);
      const port = node.vpp.addPort({ name: 'vm1', bridgeDomain: 10 });
      const vpp = await node.connectVpp(new AbortController().signal);
      const snapshot = createSnapshot();
      snapshot.interfaces.put(0, { ...entry, index: 0 });
      snapshot.interfaces.put(port.swIfIndex, { ...entry, index: port.swIfIndex, name: 'vm1' });
      const look = () => layer2Features.of(vpp).read(port.swIfIndex, bits, snapshot);
      const forwarding =
        featureBits.inputFlood | featureBits.inputUuFlood | featureBits.inputForward | featureBits.inputLearn;
      expect(await look()).toEqual({ input: forwarding, output: 0 });
      const { engine } = node.vpp;
      engine.span.set(port.swIfIndex, 0, 3, true);
      snapshot.spans.put(port.swIfIndex, 0, 3);
      expect(await look()).toEqual({ input: forwarding | featureBits.inputSpan, output: featureBits.outputSpan });
      engine.setL3(port.swIfIndex);
      const outside = await look().catch(() => null);
      expect(outside).toBeNull();
      // What is left waiting on an interface outside of layer 2 does not put it there.
      engine.l2.at(port.swIfIndex).inputFeatures |= INPUT.SPAN;
      expect(await look().catch(() => null)).toBeNull();
      engine.crossConnect(port.swIfIndex, 0);
      expect(await look()).not.toBeNull();
      await vpp.close();
    },
  );

  it('are found out by an agent and a dry run at the same time', async () => {
    const node = await bench.addNode('both', {}, releases['20.09']);
    const before = JSON.stringify(node.vpp.dumpState());
    const probers = ['agent', 'dry-run'] as const;
    const vpps = await Promise.all(probers.map(() => node.connectVpp(new AbortController().signal)));
    const learnt = await Promise.all(
      vpps.map((vpp, n) => learnFeatureBits({ vpp, bridgeDomains, as: probers[n] ?? 'agent' })),
    );
    for (const bits of learnt) expect(Object.fromEntries(bits.input)).toMatchObject(expected(releases['20.09']));
    await Promise.all(vpps.map((vpp) => vpp.close()));
    expect(JSON.parse(JSON.stringify(node.vpp.dumpState()))).toEqual(JSON.parse(before));
  });

  it.each(['sw_interface_set_l2_bridge', 'l2_flags', 'acl_add_replace', 'create_loopback_instance'])(
    'leave nothing where VPP refuses %s half way',
    async (message) => {
      const node = await bench.addNode('refused', {}, releases['26.06']);
      const before = JSON.stringify(node.vpp.dumpState());
      node.vpp.faults.refuse(message, -1, { times: 1 });
      const vpp = await node.connectVpp(new AbortController().signal);
      await expect(learnFeatureBits({ vpp, bridgeDomains, as: 'agent' })).rejects.toThrow(message);
      await vpp.close();
      expect(JSON.stringify(node.vpp.dumpState())).toBe(before);
    },
  );

  it('cannot be found out where people are told of no features, and no message tells', async () => {
    await expect(learn({ ...releases['22.06'], printsFeatures: false })).rejects.toThrow(
      /show interface features.*prints no features of the output/,
    );
  });
});

const entry = {
  ...{ name: 'local0', tag: '', supIndex: 0, subId: 0, vlan: null, linkUp: true, adminUp: true, mac: '', rewrite: 0 },
} as const;
