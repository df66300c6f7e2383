import { expect, it } from 'vitest';
import { featureBits } from '../objects/layer2-features.js';
import { planNode } from '../plan/plan-node.js';
import { facts, flow, mirror, portId, service, serviceId } from '../testing/records.js';
import { VppDouble } from '../testing/vpp-double.js';
import { Wanted } from '../wanted/wanted.js';
import { fingerprintOf, keyOf, watchedItems } from './fingerprint.js';

const fail = (_tap: string, error: unknown): void => {
  throw error;
};

/** A source and a collector on one node, wired. */
function wired() {
  const vpp = new VppDouble();
  vpp.addDomain(10);
  const [source, stranger] = [vpp.addPort(portId(1)), vpp.addPort(portId(3))];
  for (const port of [source, vpp.addPort(portId(2)), stranger]) vpp.join(port, 10);
  const wanted = new Wanted();
  wanted.setService({ record: service(1, 2), revision: 1 });
  wanted.setFlow({ record: flow(1, 1, 1), revision: 2 });
  vpp.execute(planNode(wanted, vpp.state, facts));
  const items = [...watchedItems(wanted, vpp.state, fail)].filter((item) => item !== null);
  const fingerprint = () => items.map((item) => fingerprintOf(item, vpp.state));
  const entry = [...vpp.state.interfaces.by('tag', `taas.entry:${serviceId(1)}`)][0];
  if (!entry) throw new Error('there is no mirrorDestination');
  return { vpp, wanted, source, stranger, entry, items, fingerprint };
}

type World = ReturnType<typeof wired>;
const entryTag = `taas.entry:${serviceId(1)}`;
const sourceTag = `net-vpp.port:${portId(1)}`;

it.each<[string, (world: World) => void, readonly string[]]>([
  ['nothing', () => undefined, []],
  ['what is not ours', ({ vpp, stranger }) => vpp.toLayer3(stranger), []],
  ['a mirror is gone', ({ vpp, source, entry }) => vpp.state.spans.put(source, entry.index, 0), [sourceTag]],
  ['a mirror lost a direction', ({ vpp, source, entry }) => vpp.state.spans.put(source, entry.index, 1), [sourceTag]],
  ['a source lost its feature', ({ vpp, source }) => vpp.toLayer3(source), [sourceTag]],
  [
    'an interface is down',
    ({ vpp, entry }) => vpp.state.interfaces.put(entry.index, { ...entry, adminUp: false }),
    [entryTag],
  ],
  [
    'an interface lost its tag',
    ({ vpp, entry }) => vpp.state.interfaces.put(entry.index, { ...entry, tag: '' }),
    [entryTag],
  ],
  ['an interface is gone', ({ vpp, entry }) => vpp.remove(entry.index), [entryTag, `taas.service:${serviceId(1)}`]],
  ['a tag rewrite', ({ vpp, entry }) => vpp.state.interfaces.put(entry.index, { ...entry, rewrite: 3 }), [entryTag]],
  ['another ACL', ({ vpp, entry }) => vpp.state.aclBindings.put(entry.index, { input: [7], output: [] }), [entryTag]],
  [
    'a filter is switched on',
    ({ vpp, entry }) => vpp.state.features.put(entry.index, { input: featureBits.inputAcl, output: 0 }),
    [entryTag],
  ],
  ['another bridge domain', ({ vpp, entry }) => vpp.join(entry.index, 10), [entryTag, `taas.service:${serviceId(1)}`]],
])('names whom it concerns: %s', (_what, happen, tags) => {
  const world = wired();
  const before = world.fingerprint();
  happen(world);
  const now = world.fingerprint();
  const changed = world.items.filter((_, n) => now[n] !== before[n]);
  expect(changed.flatMap((item) => (item.of === 'route' ? [] : [item.tag])).sort()).toEqual([...tags].sort());
});

it('sees each thing once, whoever shares it, and nothing that is not there', () => {
  const { vpp, wanted } = wired();
  for (let n = 2; n <= 5; n++) wanted.setFlow({ record: flow(n, 1, 1), revision: 10 + n });
  wanted.mirrors.set({ record: mirror(1, 1), revision: 20 });
  wanted.mirrors.set({ record: mirror(2, 1), revision: 21 });
  const keys = [...watchedItems(wanted, vpp.state, fail)].filter((item) => item !== null).map(keyOf);
  expect(new Set(keys).size).toBe(keys.length);
  const kinds = ['service', 'entry', 'unicast', 'collector'].map((kind) => `taas.${kind}:${serviceId(1)}`);
  expect(keys).toEqual([...kinds, `${sourceTag} 1`, 'to 198.51.100.9']);
});

it('knows that something of ours has lost its tag, and says so once', () => {
  const { vpp, stranger, entry } = wired();
  expect(vpp.state.interfaces.takeLostTag()).toBe(false);
  const theirs = vpp.state.interfaces.get(stranger);
  if (theirs) vpp.state.interfaces.put(theirs.index, { ...theirs, tag: '' });
  expect(vpp.state.interfaces.takeLostTag()).toBe(false);
  vpp.state.interfaces.put(entry.index, { ...entry, tag: '' });
  expect([vpp.state.interfaces.takeLostTag(), vpp.state.interfaces.takeLostTag()]).toEqual([true, false]);
});
