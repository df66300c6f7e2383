import { readyz } from '@taas/lab';
import { keys } from '@taas/model';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { restartAgentAndLook, stillToDo } from './at-rest.js';
import { pictureOf } from './mesh/picture.js';
import { simulatorOf } from './simulator-of.js';
import { portId, TappedPair } from './tapped-pair.js';

/** Bad records, bad ports and a bad switch: what is hurt says so, and nothing else is. */
export function describeBadInput(): void {
  let pair: TappedPair;

  async function start(more: Parameters<typeof TappedPair.start>[0] = {}): Promise<TappedPair> {
    pair = await TappedPair.start(more);
    return pair;
  }
  beforeEach(() => {
    expect.hasAssertions();
  });
  afterEach(async () => {
    await pair?.cloud.stop();
  });

  const pictures = () => pair.cloud.nodes.map(({ switch: lab }) => pictureOf(simulatorOf(lab).dumpState()));
  const broken = ['not JSON at all', '[]', '{"v":99}', '{"v":1}', '{"v":1,"id":7}', '\u0000', 'null'];

  /** Resolves when the server's /readyz names the key as malformed, or no longer does. */
  async function reported(key: string, is = true): Promise<void> {
    await pair.cloud.until(`/readyz ${is ? 'names' : 'does not name'} ${key}`, async () => {
      const { status, text } = await readyz(pair.cloud.server());
      expect(status).toBe(200);
      return text.includes(key) === is;
    });
  }

  async function stored(key: string): Promise<string> {
    const entry = await pair.cloud.store.get(key);
    if (entry === undefined) throw new Error(`there is no ${key}`);
    return entry.value;
  }

  describe('malformed records in etcd', () => {
    for (const kind of ['tap_services', 'tap_flows'] as const)
      it(`the API's own record of ${kind}: what stands goes on, and all is well when it is mended`, async () => {
        await start();
        const id = kind === 'tap_services' ? pair.service : pair.far;
        const key = keys.resource(kind, id);
        const good = await stored(key);
        await pair.addPort(4, 'node-a');
        const before = pictures();
        for (const bad of broken) {
          await pair.cloud.put(key, bad);
          await reported(key);
          // A user sees that it is not usable, an admin why; nobody else is held up.
          expect((await pair.cloud.ask('GET', `${kind}/${id}`)).status).toBe(404);
          const published = await pair.cloud.ask('GET', `${kind}/${id}`, { roles: 'admin' });
          expect(published).toMatchObject({ status: 500, text: expect.stringContaining(key) });
          expect((await pair.cloud.ask('GET', 'tap_flows')).status).toBe(200);
          if (kind === 'tap_flows') expect(await pair.show('tap_flows', pair.near)).toMatchObject({ status: 'ACTIVE' });
          await pair.expectCopies(2, 3);
        }
        // Its neighbours can be changed meanwhile: another service on the same collector, another flow.
        const other = await pair.createService(1);
        const flow = await pair.createFlow(4, other);
        await pair.until('tap_flows', flow, 'ACTIVE');
        await pair.expectCopies(2, 3, 4);
        await pair.remove('tap_services', other);
        await pair.cloud.put(key, good);
        await reported(key, false);
        await pair.until(kind, id, 'ACTIVE');
        await pair.expectCopies(2, 3);
        expect(pictures()).toEqual(before);
      });

    it("a node's record: the agent says so and touches nothing, and the compiler mends it", async () => {
      await start();
      const key = keys.nodeResource('node-a', 'tap_flows', pair.far);
      const stateKey = keys.stateResource('node-a', 'tap_flows', pair.far);
      const writes = pair.writes();
      await pair.cloud.server(0).stop();
      for (const bad of broken) {
        const revision = await pair.cloud.put(key, bad);
        await pair.cloud.until('the agent reports it', async () => {
          const state = JSON.parse(await stored(stateKey));
          return state.revision === revision && state.status === 'ERROR' && /cannot be used/.test(state.reason);
        });
        await pair.expectCopies(2, 3);
      }
      expect(pair.log.some(({ level, fields }) => level === 'error' && fields['key'] === key)).toBe(true);
      await pair.cloud.server(0).start();
      for (const flow of [pair.far, pair.near]) await pair.until('tap_flows', flow, 'ACTIVE');
      await pair.expectCopies(2, 3);
      expect(pair.writes()).toEqual(writes);
    });

    it("a port's binding: its tap waits and names the port, and comes back when it is mended", async () => {
      await start();
      const key = keys.boundPort('node-a', portId(2));
      const good = await stored(key);
      for (const bad of ['not JSON at all', '[]', 'null']) {
        await pair.cloud.put(key, bad);
        await reported(key);
        await pair.until('tap_flows', pair.far, 'PENDING_CREATE', new RegExp(portId(2)));
        await pair.expectCopies(3);
        // Its collector has one way in less, which the node has to confirm before it vouches for the rest again.
        await pair.until('tap_flows', pair.near, 'ACTIVE');
        await pair.expectCopies(3);
      }
      await pair.cloud.put(key, good);
      await pair.until('tap_flows', pair.far, 'ACTIVE');
      await reported(key, false);
      await pair.expectCopies(2, 3);
    });

    it('a state: it is reported, its agent writes it again, and no other tap notices', async () => {
      await start();
      const key = keys.stateResource('node-a', 'tap_flows', pair.far);
      const good = JSON.parse(await stored(key));
      const writes = pair.writes();
      for (const bad of broken) {
        await pair.cloud.put(key, bad);
        await pair.cloud.until('the agent has written it again', async () => (await stored(key)) !== bad);
        expect(JSON.parse(await stored(key))).toEqual(good);
        expect((await pair.show('tap_flows', pair.near)).status).toBe('ACTIVE');
        await pair.until('tap_flows', pair.far, 'ACTIVE');
      }
      expect(pair.log.some(({ level, fields }) => level === 'error' && fields['key'] === key)).toBe(true);
      await pair.expectCopies(2, 3);
      expect(pair.writes()).toEqual(writes);
    });

    it("an agent's record: its node counts as unattended, no other, and nothing is taken apart", async () => {
      await start();
      const key = keys.agent('node-a');
      const writes = pair.writes();
      await pair.cloud.put(key, '{"v":2}');
      await reported(key);
      expect(await pair.show('tap_flows', pair.far)).toMatchObject({
        status: 'DOWN',
        status_reason: expect.stringContaining('node-a'),
      });
      expect((await pair.show('tap_flows', pair.near)).status).toBe('ACTIVE');
      await pair.expectCopies(2, 3);
      await pair.cloud.node('node-a').agent.restart('stop');
      await pair.until('tap_flows', pair.far, 'ACTIVE');
      await reported(key, false);
      expect(pair.writes()).toEqual(writes);
    });

    it('a segment in use: its record is written again, and the copies never move', async () => {
      await start();
      const { entries } = await pair.cloud.store.list('/networking-vpp/taas/segments/');
      const held = entries[0];
      if (held === undefined) throw new Error('the tap between nodes holds no segment');
      const writes = pair.writes();
      await pair.cloud.put(held.key, '{"v":9}');
      await pair.cloud.until('the record is mended', async () => (await stored(held.key)) === held.value);
      for (const flow of [pair.far, pair.near]) await pair.until('tap_flows', flow, 'ACTIVE');
      await pair.expectCopies(2, 3);
      expect(pair.writes()).toEqual(writes);
    });

    it('a port role: reported, and nobody gets it', async () => {
      await start();
      const role = keys.portRole(portId(1));
      const goodRole = await stored(role);
      await pair.cloud.put(role, 'x');
      await reported(role);
      // The collector must not become a source because nobody can read that it is a collector.
      const body = { tap_flow: { tap_service_id: pair.service, source_port: portId(1), direction: 'IN' } };
      expect((await pair.cloud.ask('POST', 'tap_flows', { body })).status).toBe(409);
      await pair.cloud.put(role, goodRole);
      await reported(role, false);
      for (const flow of [pair.far, pair.near]) await pair.until('tap_flows', flow, 'ACTIVE');
      await pair.expectCopies(2, 3);
    });
  });

  describe('ports that are not as they should be', () => {
    it('one without a tag: its tap waits and says for which port; with the tag it is ACTIVE', async () => {
      await start();
      await pair.addPort(5, 'node-a', null);
      const flow = await pair.createFlow(5);
      await pair.until('tap_flows', flow, 'PENDING_CREATE', new RegExp(`port ${portId(5)} is not on this node yet`));
      await pair.expectCopies(2, 3);
      const simulator = simulatorOf(pair.cloud.node('node-a').switch);
      const { swIfIndex } = pair.ports.get(5)?.lab ?? { swIfIndex: -1 };
      simulator.engine.interfaces.get(swIfIndex).tag = `net-vpp.port:${portId(5)}`;
      await pair.until('tap_flows', flow, 'ACTIVE');
      await pair.expectCopies(2, 3, 5);
    });

    it("two interfaces with one port's tag: ERROR that names both, copies of neither, and mended when one goes", async () => {
      await start();
      await pair.addPort(5, 'node-a');
      const flow = await pair.createFlow(5);
      await pair.until('tap_flows', flow, 'ACTIVE');
      const simulator = simulatorOf(pair.cloud.node('node-a').switch);
      const double = simulator.addPort({ name: 'double', tag: `net-vpp.port:${portId(5)}`, bridgeDomain: 105 });
      await pair.until('tap_flows', flow, 'ERROR', new RegExp(`${portId(5)}.*port-${portId(5)}.*double`));
      await pair.expectCopies(2, 3);
      double.remove();
      await pair.until('tap_flows', flow, 'ACTIVE');
      await pair.expectCopies(2, 3, 5);
    });
  });

  describe('a switch that makes trouble', () => {
    /** Another service of the same collector: its first flow needs everything that a flow can need. */
    async function another(): Promise<string> {
      const service = await pair.createService(1);
      await pair.until('tap_services', service, 'ACTIVE');
      return service;
    }

    const refusals = [
      ['create_loopback_instance', -1, 'VNET_API_ERROR_UNSPECIFIED'],
      ['sw_interface_span_enable_disable', -2, 'VNET_API_ERROR_INVALID_SW_IF_INDEX'],
      ['sw_interface_set_l2_bridge', -7, 'VNET_API_ERROR_INVALID_VALUE'],
      ['sw_interface_tag_add_del', -9, 'VNET_API_ERROR_UNIMPLEMENTED'],
    ] as const;
    it.each(refusals)('refuses %s: that tap says so in its words, the others go on', async (message, retval, name) => {
      await start();
      await pair.addPort(5, 'node-b');
      const service = await another();
      const before = pictures();
      const { faults } = simulatorOf(pair.cloud.node('node-b').switch);
      faults.refuse(message, retval);
      const flow = await pair.createFlow(5, service);
      await pair.until('tap_flows', flow, 'ERROR', new RegExp(name));
      for (const other of [pair.far, pair.near])
        expect(await pair.show('tap_flows', other)).toMatchObject({ status: 'ACTIVE' });
      await pair.expectCopies(2, 3);
      faults.clear();
      await pair.until('tap_flows', flow, 'ACTIVE');
      await pair.expectCopies(2, 3, 5);
      await pair.remove('tap_flows', flow);
      expect(pictures()).toEqual(before);
    });

    it('refuses what a collector needs: the service says so and its flows too, another service goes on', async () => {
      await start();
      await pair.addPort(5, 'node-b');
      await pair.addPort(6, 'node-b');
      const { faults } = simulatorOf(pair.cloud.node('node-b').switch);
      faults.refuse('create_subif', -56);
      const service = await pair.createService(5);
      const flow = await pair.createFlow(6, service);
      await pair.until('tap_services', service, 'ERROR', /VNET_API_ERROR_VLAN_ALREADY_EXISTS/);
      await pair.until('tap_flows', flow, 'ERROR', /VNET_API_ERROR_VLAN_ALREADY_EXISTS/);
      expect(await pair.show('tap_services', pair.service)).toMatchObject({ status: 'ACTIVE' });
      await pair.expectCopies(2, 3);
      faults.clear();
      await pair.until('tap_services', service, 'ACTIVE');
      await pair.until('tap_flows', flow, 'ACTIVE');
    });

    it.each([
      ['late', 200],
      ['so late that nobody waits for it any more', 900],
    ])('answers %s: the tap is made once all the same', async (_what, ms) => {
      await start({ switchTimeoutMs: 500 });
      await pair.addPort(5, 'node-b');
      const service = await another();
      const { faults } = simulatorOf(pair.cloud.node('node-b').switch);
      for (const message of ['create_loopback_instance', 'sw_interface_span_enable_disable']) {
        faults.delay(message, ms, { times: 1 });
        const flow = await pair.createFlow(5, service);
        await pair.expectCopies(2, 3);
        await pair.until('tap_flows', flow, 'ACTIVE');
        await pair.expectCopies(2, 3, 5);
        await pair.remove('tap_flows', flow);
      }
      await pair.cloud.until('nothing is left to do', async () => (await stillToDo(pair.cloud, 'node-b')).length === 0);
      const loopbacks = pictures()[1]?.filter((line) => line.startsWith('interface taas.entry'));
      expect(loopbacks).toHaveLength(1);
    });

    it('breaks the connection in the middle of wiring, again and again: each tap is made once', async () => {
      await start();
      const simulator = simulatorOf(pair.cloud.node('node-b').switch);
      const ports = Array.from({ length: 12 }, (_, n) => 10 + n);
      const services = new Map<number, string>();
      for (const n of ports) {
        await pair.addPort(n, 'node-b');
        services.set(n, await another());
      }
      // Slow enough for the break to fall into the middle.
      simulator.faults.delay('create_loopback_instance', 5);
      const flows: string[] = [];
      for (const [n, port] of ports.entries()) {
        flows.push(await pair.createFlow(port, services.get(port)));
        const { total } = simulator.writes;
        if (n % 3 === 0) {
          await pair.cloud.until('wiring has begun', async () => simulator.writes.total > total || n > 0);
          simulator.faults.dropConnection();
        }
      }
      simulator.faults.clear();
      for (const flow of flows) await pair.until('tap_flows', flow, 'ACTIVE');
      await pair.expectCopies(2, 3, ...ports);
      await pair.cloud.until('nothing is left to do', async () => (await stillToDo(pair.cloud, 'node-b')).length === 0);
      const loopbacks = pictures()[1]?.filter((line) => line.startsWith('interface taas.entry'));
      expect(loopbacks).toHaveLength(flows.length + 1);
      const writes = pair.writes();
      await restartAgentAndLook(pair.cloud, 'node-b');
      expect(pair.writes()).toEqual(writes);
    });
  });
}
