import type { Logger } from '@taas/service';
import { silentLogger, systemClock } from '@taas/service';
import {
  createSnapshot,
  interestOf,
  type NodeFacts,
  noOverload,
  planNode,
  verify,
  Wanted,
  watchedItems,
} from '@taas/wiring';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { VppCodecError, VppDisconnectedError, VppTimeoutError } from 'vpp-api';
import { Contained } from './contained.js';
import { physnetNames } from './presence/physnets.js';
import { ChangedItems } from './probes/changed-items.js';
import { CopyWatch } from './probes/copy-watch.js';
import { Bench, type BenchNode } from './testing/bench.js';
import type { Vpp } from './vpp/vpp-messages.js';
import { VppReader } from './vpp/vpp-reader.js';

const id = (kind: string, n: number) => `${kind.repeat(8)}-0000-4000-8000-00000000000${n}`;
const facts: NodeFacts = {
  ...{ uplinks: new Map(), tunnelAddress: null, bridgeDomains: [100, 200] as const },
  ...{ policedKbps: null, overload: noOverload },
};
const tag = (n: number) => `net-vpp.port:${id('a', n)}`;

let bench: Bench;
let node: BenchNode;
let vpp: Vpp;
let counters: { failures: number };
let contained: Contained;
let warned: ReturnType<typeof vi.fn<Logger['warn']>>;

beforeEach(async () => {
  bench = await Bench.create();
  node = await bench.addNode('n1');
  vpp = await node.connectVpp(new AbortController().signal);
  counters = { failures: 0 };
  warned = vi.fn<Logger['warn']>();
  contained = new Contained({ logger: { ...silentLogger, warn: warned }, counters });
});
afterEach(async () => {
  await vpp.close();
  await bench.close();
});

/** The real VPP with some of its answers replaced. */
function changed(answers: object): Vpp {
  return new Proxy(vpp, {
    get: (target, name) => {
      const own: unknown = Reflect.get(name in answers ? answers : target, name, target);
      return typeof own === 'function' && !(name in answers) ? own.bind(target) : own;
    },
  });
}

/** Flows 1 and 2, each of its own service; reading where the first one's port is is what nobody has thought of. */
function twoTaps(): { wanted: Wanted; trap: { sprung: boolean } } {
  const trap = { sprung: false };
  const wanted = new Wanted();
  for (const n of [1, 2]) {
    const common = { v: 1, project_id: 'p' } as const;
    wanted.setService({ record: { ...common, id: id('5', n), port_id: id('b', n), inputs: [] }, revision: n });
    const of = { tap_service_id: id('5', n), source_port: id('a', n), direction: 'BOTH', vlan_filter: null } as const;
    const record = { ...common, ...of, id: id('f', n), filter: [], target: { type: 'local' as const } };
    const odd = {
      get vlan_filter(): null {
        if (trap.sprung) throw new Error('nobody has thought of this');
        return null;
      },
    };
    const made = n === 1 ? Object.defineProperties({ ...record }, Object.getOwnPropertyDescriptors(odd)) : record;
    wanted.setFlow({ record: made, revision: n });
  }
  return { wanted, trap };
}

/** Of which no test here reads features. */
const bits = () => null;

describe('one strange object in what VPP lists', () => {
  const unreadable = new VppCodecError('sw_interface_details.mtu', 'message too short');

  it('is there for nobody, and the others are read', async () => {
    const strange = node.vpp.addPort({ name: 'port1', tag: tag(1), bridgeDomain: 10 });
    const good = node.vpp.addPort({ name: 'port2', tag: tag(2), bridgeDomain: 10 });
    const odd: Vpp = changed({
      dump: async (name: 'sw_interface_dump', fields: never, options?: Parameters<Vpp['dump']>[2]) => {
        const all = await vpp.dump(name, fields, options);
        if (name !== 'sw_interface_dump') return all;
        for (const each of all)
          if (each.sw_if_index === strange.swIfIndex)
            options?.unreadable?.(unreadable, { sw_if_index: each.sw_if_index });
        return all.filter((each) => each.sw_if_index !== strange.swIfIndex);
      },
    });
    const snapshot = createSnapshot();
    await new VppReader(vpp, snapshot, contained, bits).readAll();
    snapshot.spans.put(strange.swIfIndex, good.swIfIndex, 3);
    await new VppReader(odd, snapshot, contained, bits).readInterfaces();
    expect(counters.failures).toBe(1);
    expect(snapshot.interfaces.get(good.swIfIndex)).toMatchObject({ tag: tag(2) });
    // Somebody's mirror from it is not taken for one of an interface that is gone.
    expect(snapshot.interfaces.get(strange.swIfIndex)).toMatchObject({ tag: '' });
    expect(snapshot.spans.doubtful()).toEqual([]);
  });

  it('so it is when it is read and makes no sense', async () => {
    const ports = [1, 2].map((n) => node.vpp.addPort({ name: `port${n}`, tag: tag(n), bridgeDomain: 10 }));
    const senseless: Vpp = changed({
      dump: async (name: 'sw_interface_dump', fields: never, options?: Parameters<Vpp['dump']>[2]) => {
        const all = await vpp.dump(name, fields, options);
        if (name !== 'sw_interface_dump') return all;
        return all.map((each) => (each.sw_if_index === ports[0]?.swIfIndex ? { ...each, mtu: undefined } : each));
      },
    });
    const snapshot = createSnapshot();
    const reader = new VppReader(senseless, snapshot, contained, bits);
    await reader.readAll();
    for (const port of ports) await reader.readInterface(port.swIfIndex);
    expect([...snapshot.interfaces.by('tag', tag(1))]).toEqual([]);
    expect([...snapshot.interfaces.by('tag', tag(2))]).toHaveLength(1);
    // Each time counted, and logged once.
    expect(counters.failures).toBe(2);
    expect(warned).toHaveBeenCalledTimes(1);
  });

  it('but a VPP that does not answer ends the pass', async () => {
    for (const silence of [new VppTimeoutError('sw_interface_dump', 5), new VppDisconnectedError('gone')]) {
      const silent: Vpp = changed({ dump: () => Promise.reject(silence) });
      const reader = new VppReader(silent, createSnapshot(), contained, bits);
      await expect(reader.readInterface(1)).rejects.toBe(silence);
    }
    expect(counters.failures).toBe(0);
  });
});

it('a tap of which nobody can say what to ask VPP about fails alone, and nothing of it is touched', async () => {
  for (const n of [1, 2]) {
    node.vpp.addPort({ name: `source${n}`, tag: tag(n), bridgeDomain: 10 });
    node.vpp.addPort({ name: `collector${n}`, tag: `net-vpp.port:${id('b', n)}`, bridgeDomain: 20 });
  }
  const { wanted, trap } = twoTaps();
  const snapshot = createSnapshot();
  const reader = new VppReader(vpp, snapshot, contained, bits);
  await reader.readAll();
  trap.sprung = true;
  const interest = interestOf({ services: [id('5', 1), id('5', 2)], flows: [], mirrors: [] }, wanted, snapshot);
  expect([...interest.unseen]).toEqual([[`tap_services/${id('5', 1)}`, 'nobody has thought of this']]);
  expect(interest.ports.size).toBeGreaterThan(1);
  // What was not read counts as not there: it must not be made anew even though it can be planned now.
  trap.sprung = false;
  await reader.readDetails(interest);
  const plan = planNode(wanted, snapshot, facts, interest.unseen);
  expect(plan.unplanned.map((each) => each.id)).toEqual([id('5', 1), id('f', 1)]);
  expect(plan.sequences.map(({ key }) => key).filter((key) => key.includes(id('5', 1)))).toEqual([]);
  expect(plan.sequences.map(({ key }) => key).filter((key) => key.includes(id('5', 2)))).not.toEqual([]);
  const failed = verify(plan).filter(({ status }) => status === 'ERROR');
  expect(failed.map((each) => each.id)).toEqual(expect.arrayContaining([id('5', 1), id('f', 1)]));
});

it('a poll of all of ours goes on past what cannot be looked at', async () => {
  for (const n of [1, 2]) node.vpp.addPort({ name: `source${n}`, tag: tag(n), bridgeDomain: 10 });
  const { wanted, trap } = twoTaps();
  const snapshot = createSnapshot();
  const reader = new VppReader(vpp, snapshot, contained, bits);
  await reader.readAll();
  trap.sprung = true;
  const odd: string[] = [];
  const items = [...watchedItems(wanted, snapshot, (tap) => odd.push(tap))].filter((item) => item !== null);
  expect(odd).toEqual([id('f', 1)]);
  expect(items.map((item) => (item.of === 'route' ? '' : item.tag))).toEqual([tag(2)]);
  const quiet = new ChangedItems(snapshot, contained, systemClock);
  await expect(quiet.changes(wanted, reader)).resolves.toMatchObject({ untagged: false });
  expect(counters.failures).toBe(1);
});

it('a name that VPP shows nothing under costs nobody else the poll of its copies', async () => {
  const snapshot = createSnapshot();
  const entry = { supIndex: 0, subId: 0, vlan: null, adminUp: true, linkUp: true, mac: '', rewrite: 0 };
  for (const n of [1, 2, 3, 4]) {
    snapshot.interfaces.put(n, { ...entry, index: n, supIndex: n, name: `port${n}`, tag: tag(n) });
    snapshot.features.put(n, { input: 0xffffffff, output: 0xffffffff });
    const own = `taas.entry:${id('5', n)}`;
    snapshot.interfaces.put(10 + n, {
      ...entry,
      index: 10 + n,
      supIndex: 10 + n,
      name: n === 2 ? 'odd name' : `loop${n}`,
      tag: own,
    });
    snapshot.spans.put(n, 10 + n, 3);
  }
  const asked: string[] = [];
  const shown = new Set<string>();
  const refusing = {
    request: async (_name: string, { cmd }: { cmd: string }) => {
      asked.push(cmd);
      const real = await vpp.request('cli_inband', { cmd: 'show interface' });
      if (cmd.includes('odd name')) {
        const { VppRetvalError } = await import('vpp-api');
        throw new VppRetvalError('cli_inband', -1);
      }
      for (const name of cmd.split(' ').slice(2)) shown.add(name);
      return { ...real, reply: '' };
    },
  } as unknown as Vpp;
  await new CopyWatch(snapshot, silentLogger, contained, systemClock).look(refusing);
  for (const name of ['port1', 'loop1', 'port2', 'port3', 'loop3', 'port4', 'loop4']) expect(shown).toContain(name);
  expect(shown).not.toContain('odd');
  expect(asked.length).toBeLessThan(12);
});

it('a tag that names no physical network does not make the record of the node one that nobody believes', () => {
  const snapshot = createSnapshot();
  const entry = { subId: 0, vlan: null, adminUp: true, linkUp: true, mac: '', rewrite: 0 };
  for (const [n, name] of ['good', '', 'a/b', 'a\u0007b', 'x'.repeat(300)].entries())
    snapshot.interfaces.put(n, { ...entry, index: n, supIndex: n, name: `up${n}`, tag: `net-vpp.physnet:${name}` });
  expect([...physnetNames({ physnets: [] }, snapshot)]).toEqual(['good']);
});
