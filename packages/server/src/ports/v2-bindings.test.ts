import { keys } from '@taas/model';
import { silentLogger } from '@taas/service';
import type { V2Event, Verdict } from '@taas/store';
import { expect, it } from 'vitest';
import { V2Bindings } from './v2-bindings.js';

const [node, evil] = ['node', 'evil'];
const good = '{"mtu":1500}';
const forged = '{"mtu":1500,"forged":true}';
const verify = (_key: string, text: string): Verdict =>
  text.includes('forged') ? { refused: 'is not signed' } : { value: text, seen: null };

/** What is known of ports after each event, and which were to be looked at. */
async function after(events: readonly V2Event[], ports: readonly string[], check: typeof verify | undefined = verify) {
  const said: unknown[] = [];
  const looked: string[] = [];
  const stop = new AbortController();
  const follower = {
    async *follow() {
      for (const event of events) {
        yield event;
        said.push(ports.map((port) => bindings.place(port)));
      }
    },
    close: () => undefined,
  };
  const bindings: V2Bindings = new V2Bindings(follower, silentLogger, check);
  const listener = { lookAt: (some: Iterable<string>) => looked.push(...some), lookAtAll: () => undefined };
  await bindings.follow(listener, stop.signal);
  return { said, looked };
}

const entry = (key: string, value: string, modifiedIndex: number) => ({ key, value, modifiedIndex });
const snapshot = (...entries: ReturnType<typeof entry>[]) => ({ kind: 'snapshot', index: 1, entries }) as const;
const put = (key: string, value: string, index: number) =>
  ({ kind: 'changes', index, changes: [{ kind: 'put', entry: entry(key, value, index) }] }) as const;
const remove = (key: string, index: number) =>
  ({ kind: 'changes', index, changes: [{ kind: 'delete', key }] }) as const;
const bound = { is: 'bound', node, projectId: null, mtu: 1500 };

it('a newer key that is not believed does not move a port; (control) it would', async () => {
  const events = [snapshot(entry(keys.boundPort(node, 'p'), good, 1)), put(keys.boundPort(evil, 'p'), forged, 2)];
  expect((await after(events, ['p'])).said).toEqual([[bound], [bound]]);
  const believing = await after(events, ['p'], (_key, value) => ({ value, seen: null }));
  expect(believing.said).toEqual([[bound], [{ ...bound, node: evil }]]);
});

it('of a port whose own key is not believed nobody knows where it is, until it is said anew or the key is gone', async () => {
  const key = keys.boundPort(node, 'p');
  const events = [
    snapshot(entry(key, good, 1)),
    put(key, forged, 2),
    put(key, good, 3),
    put(key, forged, 4),
    remove(key, 5),
  ];
  const { said, looked } = await after(events, ['p']);
  const unbound = { is: 'unbound', reason: 'port p is not bound to a node' };
  expect(said).toEqual([[bound], [undefined], [bound], [undefined], [unbound]]);
  expect(looked).toEqual(['p', 'p', 'p', 'p']);
});

it("of a trunk's subports too, and its neighbours are known", async () => {
  const key = keys.boundTrunk(node, 't');
  const trunk = (extra: string) => `{"sub_ports":[{"port_id":"a"},{"port_id":"b"}]${extra}}`;
  const events = [
    snapshot(entry(key, trunk(''), 1), entry(keys.boundPort(node, 'p'), good, 1)),
    put(key, trunk(',"forged":1'), 2),
  ];
  const sub = { ...bound, mtu: null };
  expect((await after(events, ['a', 'b', 'p'])).said).toEqual([
    [sub, sub, bound],
    [undefined, undefined, bound],
  ]);
});
