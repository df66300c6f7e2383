import { keys, prefixes } from '@taas/model';
import type { KeyValue } from '@taas/store';
import type { FaultCloud } from '../cloud/fault-cloud.js';
import type { Random } from '../random.js';
import { always, type Fault, type Injected } from './fault.js';

/** What the system derives by itself it must also mend by itself: nobody repairs it. */
const derived = /^\/networking-vpp\/(nodes|state)\/[^/]+\/taas\/tap_/;

/** Whose records are spoilt. Agents' own and the leader's are left out: they stand under leases that a repair would lose. */
const areas = [
  { name: "a node's record", pattern: /^\/networking-vpp\/nodes\/[^/]+\/taas\/tap_/ },
  { name: "a node's state", pattern: /^\/networking-vpp\/state\/[^/]+\/taas\/tap_/ },
  { name: "the API's record", pattern: /^\/networking-vpp\/taas\/tap_/ },
  { name: 'a segment', pattern: /^\/networking-vpp\/taas\/segments\// },
  { name: "a port's role", pattern: /^\/networking-vpp\/taas\/port_roles\// },
];

const strangers = (random: Random, node: string): readonly string[] => {
  const id = `eeeeeeee-0000-4000-8000-${random.int(0, 999_999).toString().padStart(12, '0')}`;
  return [
    keys.nodeResource(node, 'tap_services', id),
    keys.nodeResource(node, 'tap_flows', id),
    keys.stateResource(node, 'tap_flows', id),
    keys.resource('tap_services', id),
    keys.resource('tap_flows', id),
    keys.portRole(id),
    `${prefixes.segments}vlan/physnet1/3950`,
  ];
};

export const halfWrittenRecord: Fault = {
  name: 'half-written-record',
  what: 'a record in etcd is cut off or garbage, among those that are there or of a tap that nobody knows; later mended',
  available: always,
  inject: async ({ cloud }, random) => {
    const area = random.pick(areas);
    const stranger = random.pick(strangers(random, random.pick(cloud.nodes).name));
    const share = random.next();
    const how = random.pick(['cut', 'cut', 'text', 'empty'] as const);
    const { entries } = random.chance(0.7) ? await cloud.store.list('/networking-vpp/') : { entries: [] };
    const hit = entries.filter(({ key }) => area.pattern.test(key));
    const entry = hit[Math.floor(random.next() * hit.length)];
    return entry === undefined ? planted(cloud, stranger) : spoilt(cloud, entry, spoil(entry.value, how, share));
  },
};

function spoil(value: string, how: 'cut' | 'text' | 'empty', share: number): string {
  if (how === 'empty') return '';
  return how === 'text' ? 'garbage' : value.slice(0, Math.floor((value.length - 1) * share));
}

async function spoilt(cloud: FaultCloud, { key, value, modRevision }: KeyValue, garbage: string): Promise<Injected> {
  const { succeeded } = await cloud.store.transact({
    compare: [{ kind: 'mod-revision', key, revision: modRevision }],
    operations: [{ kind: 'put', key, value: garbage }],
  });
  return {
    on: `${key}${succeeded ? '' : ', which was faster'}`,
    heal: async () => {
      if (derived.test(key)) return;
      // Who repairs it writes what was there, unless its owner has written it anew.
      await cloud.store.transact({
        compare: [{ kind: 'value', key, value: garbage }],
        operations: [{ kind: 'put', key, value }],
      });
    },
  };
}

async function planted(cloud: FaultCloud, key: string): Promise<Injected> {
  const value = '{"v":1,"id":"';
  const { succeeded } = await cloud.store.transact({
    compare: [{ kind: 'absent', key }],
    operations: [{ kind: 'put', key, value }],
  });
  return {
    on: `${key}, planted${succeeded ? '' : ' in vain'}`,
    heal: async () => {
      await cloud.store.transact({ compare: [{ kind: 'value', key, value }], operations: [{ kind: 'delete', key }] });
    },
  };
}
