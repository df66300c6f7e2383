import { udp } from '@taas/packets';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { toVppAddress } from 'vpp-api';
import { MirrorLab, remote, remote6 } from './mirror-lab.js';
import type { LabSettings } from './tap-lab.js';
import { project } from './tap-lab.js';

/** What every tap mirror must do, on whatever switch: the same scenarios for the simulator and for a real VPP. */
export function describeMirrors(name: string, settings: () => LabSettings): void {
  let mirrors: MirrorLab;
  const start = async (more: Partial<LabSettings> = {}): Promise<MirrorLab> => {
    mirrors = await MirrorLab.start({ ...settings(), ...more });
    return mirrors;
  };
  beforeEach(() => {
    expect.hasAssertions();
  });
  afterEach(async () => {
    await mirrors?.lab.stop();
  });

  describe(`${name}: what a mirror sends`, () => {
    it('sends exactly the frames of each direction, under its own id, and nothing when it is gone', async () => {
      const { lab } = await start({ nodes: ['node-a'] });
      const vm = await lab.vm('node-a');
      for (const type of ['gre', 'erspanv1'] as const)
        for (const directions of [{ IN: 101, OUT: 102 }, { BOTH: 1023 }, { OUT: 1 }, { IN: 2, BOTH: 3 }]) {
          const mirror = await mirrors.mirror(vm, type, directions);
          await mirrors.active(mirror);
          await mirrors.expectMirrored(vm, type, directions);
          await mirrors.gone(mirror);
          await mirrors.expectNothing(vm);
          expect(await mirrors.leftovers('node-a')).toEqual([]);
        }
    });

    it('sends with any GRE key but 0, and says that VPP cannot send that', async () => {
      const { lab } = await start({ nodes: ['node-a'] });
      const vm = await lab.vm('node-a');
      const mirror = await mirrors.mirror(vm, 'gre', { BOTH: 0xffffffff });
      await mirrors.active(mirror);
      await mirrors.expectMirrored(vm, 'gre', { BOTH: 0xffffffff });
      const zero = await mirrors.mirror(vm, 'gre', { IN: 0 });
      const refused = await lab.client.until('tap_mirrors', zero, 'ERROR');
      expect(refused.status_reason).toMatch(/cannot send the GRE key 0/);
      const session = await mirrors.mirror(await lab.vm('node-a'), 'erspanv1', { OUT: 5 });
      await mirrors.active(session);
    });

    it('serves several mirrors and a tap flow of one port, each whole', async () => {
      const { lab } = await start({ nodes: ['node-a'] });
      const vm = await lab.vm('node-a');
      const other = await lab.vm('node-a');
      const collector = await lab.collector('node-a');
      const flow = await lab.flow(await lab.service(collector), vm);
      const made = [
        await mirrors.mirror(vm, 'gre', { IN: 1, OUT: 2 }),
        await mirrors.mirror(vm, 'erspanv1', { BOTH: 3 }),
        await mirrors.mirror(vm, 'gre', { BOTH: 4 }, '198.51.100.10'),
        await mirrors.mirror(other, 'erspanv1', { IN: 5 }),
      ];
      await mirrors.active(...made);
      await lab.active(flow);
      const packets = await mirrors.expectOutside('node-a', async () => {
        const said = await mirrors.talk(vm);
        const others = await mirrors.talk(other);
        return [
          { type: 'gre', id: 1, frames: said.IN },
          { type: 'gre', id: 2, frames: said.OUT },
          { type: 'erspanv1', id: 3, frames: said.BOTH },
          { type: 'gre', id: 4, frames: said.BOTH },
          { type: 'erspanv1', id: 5, frames: others.IN },
        ];
      });
      expect(new Set(packets.map(({ from }) => from))).toEqual(new Set(['10.99.0.1']));
      for (const { to, key } of packets) expect(to).toBe(key === 4 ? '198.51.100.10' : remote);
      await lab.expectCopies(collector, vm);
      await mirrors.gone(made[0] ?? '');
      await lab.expectCopies(collector, vm);
      await mirrors.expectOutside('node-a', async () => {
        const said = await mirrors.talk(vm);
        return [
          { type: 'erspanv1', id: 3, frames: said.BOTH },
          { type: 'gre', id: 4, frames: said.BOTH },
        ];
      });
    });

    it('sends over IPv6 where the nodes have such addresses, and says where they have not', async () => {
      const { lab } = await start({ nodes: ['node-a'], ip6: true });
      const vm = await lab.vm('node-a');
      for (const type of ['gre', 'erspanv1'] as const) {
        const mirror = await mirrors.mirror(vm, type, { IN: 7, OUT: 8 }, remote6);
        await mirrors.active(mirror);
        await mirrors.expectMirrored(vm, type, { IN: 7, OUT: 8 });
        await mirrors.gone(mirror);
      }
      const four = await mirrors.mirror(vm, 'gre', { IN: 9 });
      await lab.eventually(async () =>
        expect(await mirrors.reason(four)).toMatch(
          /^PENDING_CREATE .*tunnel address is of IPv6, to an address of IPv4/,
        ),
      );
    });

    it('warns of packets that the underlay does not take whole, and sends those in fragments', async () => {
      const { lab } = await start({ nodes: ['node-a'] });
      const vm = await lab.vm('node-a');
      const node = mirrors.switch('node-a');
      const mirror = await mirrors.mirror(vm, 'erspanv1', { OUT: 33 });
      await mirrors.active(mirror);
      expect(await mirrors.reason(mirror)).toBe('ACTIVE');
      await node.setMtu(mirrors.outside('node-a'), 1500);
      await lab.eventually(
        async () =>
          expect(await mirrors.reason(mirror)).toMatch(
            /^ACTIVE warning: copies of packets longer than 1450 bytes leave/,
          ),
        15_000,
      );
      const long = [1464, 1465, 1500].map((length) => longFrame(length));
      const packets = await mirrors.captured('node-a', async () => {
        await lab.sends(vm, long);
        return 5;
      });
      const payloads = packets.flatMap(({ payload }) => payload ?? []);
      expect(payloads).toEqual(long.map((frame) => Buffer.from(frame.subarray(42)).toString('hex')));
      expect(packets.filter(({ session }) => session === 33)).toHaveLength(3);
      await node.setMtu(mirrors.outside('node-a'), 9216);
      await lab.eventually(async () => expect(await mirrors.reason(mirror)).toBe('ACTIVE'), 15_000);
    });
  });

  describe(`${name}: what happens to a mirror`, () => {
    it('waits for a route to its address, and comes back by itself when there is one again', async () => {
      const { lab } = await start({ nodes: ['node-a'] });
      const vm = await lab.vm('node-a');
      await mirrors.disconnect('node-a');
      const mirror = await mirrors.mirror(vm, 'gre', { IN: 1, OUT: 2 });
      await lab.eventually(async () =>
        expect(await mirrors.reason(mirror)).toBe('PENDING_CREATE this node has no route to 198.51.100.9'),
      );
      await mirrors.expectNothing(vm);
      await mirrors.connect('node-a');
      await mirrors.active(mirror);
      await mirrors.expectMirrored(vm, 'gre', { IN: 1, OUT: 2 });
      await mirrors.disconnect('node-a');
      await lab.eventually(async () => expect(await mirrors.reason(mirror)).toMatch(/no route to 198.51.100.9/));
      await mirrors.connect('node-a');
      await mirrors.active(mirror);
      await mirrors.expectMirrored(vm, 'gre', { IN: 1, OUT: 2 });
    });

    it('loses nothing when the agent is killed and restarted, which writes nothing to VPP', async () => {
      const { lab } = await start({ nodes: ['node-a'] });
      const vm = await lab.vm('node-a');
      const made = [
        await mirrors.mirror(vm, 'gre', { IN: 1, OUT: 2 }),
        await mirrors.mirror(vm, 'erspanv1', { BOTH: 3 }),
      ];
      await mirrors.active(...made);
      const node = lab.cloud.node('node-a');
      const before = [node.switch.writes(), await mirrors.leftovers('node-a')];
      await mirrors.expectOutside('node-a', async () => {
        const sent: Uint8Array[] = [];
        const talk = new AbortController();
        const talking = (async () => {
          while (!talk.signal.aborted) {
            const frames = lab.frames(10);
            await lab.sends(vm, frames);
            sent.push(...frames);
            await lab.clock.sleep(5);
          }
        })();
        await node.agent.restart('kill');
        await lab.eventually(async () => expect(sent.length).toBeGreaterThan(100));
        talk.abort();
        await talking;
        return [
          { type: 'gre', id: 1, frames: [] },
          { type: 'gre', id: 2, frames: sent },
          { type: 'erspanv1', id: 3, frames: sent },
        ];
      });
      await mirrors.active(...made);
      await lab.eventually(async () =>
        expect([node.switch.writes(), await mirrors.leftovers('node-a')]).toEqual(before),
      );
    });

    it('is made again when VPP was restarted', async () => {
      const { lab } = await start({ nodes: ['node-a'] });
      const vm = await lab.vm('node-a');
      const mirror = await mirrors.mirror(vm, 'erspanv1', { IN: 1, OUT: 2 });
      await mirrors.active(mirror);
      await mirrors.switch('node-a').restart();
      await lab.eventually(() => mirrors.expectMirrored(vm, 'erspanv1', { IN: 1, OUT: 2 }), 15_000);
      await mirrors.active(mirror);
    });

    it('mends what somebody breaks behind its back', async () => {
      const { lab } = await start({ nodes: ['node-a'] });
      const vm = await lab.vm('node-a');
      const mirror = await mirrors.mirror(vm, 'gre', { IN: 1, OUT: 2 });
      await mirrors.active(mirror);
      await mirrors.withVpp('node-a', async (vpp) => {
        const [first] = await vpp.dump('gre_tunnel_v2_dump', { sw_if_index: 0xffffffff });
        if (first === undefined) throw new Error('there is no tunnel');
        await vpp.request('gre_tunnel_add_del_v2', { is_add: false, tunnel: first.tunnel });
      });
      await lab.eventually(() => mirrors.expectMirrored(vm, 'gre', { IN: 1, OUT: 2 }), 20_000);
      await mirrors.active(mirror);
    });

    it('shows nothing of whoever gets the index of a deleted port', async () => {
      const { lab } = await start({ nodes: ['node-a'] });
      const vm = await lab.vm('node-a');
      const mirror = await mirrors.mirror(vm, 'gre', { BOTH: 1 });
      await mirrors.active(mirror);
      await mirrors.switch('node-a').removePort(vm.port);
      const other = await lab.vm('node-a');
      expect(other.port.swIfIndex).toBe(vm.port.swIfIndex);
      await mirrors.expectNothing(other);
      await lab.client.until('tap_mirrors', mirror, 'PENDING_CREATE');
      await lab.eventually(async () => expect(await mirrors.leftovers('node-a')).toEqual([]));
      await mirrors.active(await mirrors.mirror(other, 'erspanv1', { BOTH: 2 }));
      await mirrors.expectMirrored(other, 'erspanv1', { BOTH: 2 });
    });

    it('follows its port to another node', async () => {
      const { lab } = await start();
      const vm = await lab.vm('node-a');
      const mirror = await mirrors.mirror(vm, 'erspanv1', { OUT: 77 });
      await mirrors.active(mirror);
      await lab.cloud.removePort('node-a', vm.port);
      const moved = await lab.vm('node-b', vm.port.id);
      await mirrors.active(mirror);
      await lab.eventually(() => mirrors.expectMirrored(moved, 'erspanv1', { OUT: 77 }));
      await lab.eventually(async () => expect(await mirrors.leftovers('node-a')).toEqual([]));
    });

    it('does not mix with another project that asks for the same address and id, and takes its turn', async () => {
      const { lab } = await start({ nodes: ['node-a'] });
      const vm = await lab.vm('node-a');
      const stranger = { id: lab.newPortId(), bridgeDomain: 700 };
      await lab.cloud.addPort('node-a', stranger, 'another-project');
      const theirs = lab.cloud.client('another-project');
      const wish = { name: '', type: 'gre', remoteIp: remote, directions: { OUT: 5 } } as const;
      const first = (await theirs.createTapMirror({ ...wish, portId: stranger.id })).id;
      await theirs.until('tap_mirrors', first, 'ACTIVE');
      const second = await mirrors.mirror(vm, 'gre', { OUT: 5, IN: 6 });
      await lab.eventually(async () =>
        expect(await mirrors.reason(second)).toMatch(
          /^PENDING_CREATE this node cannot send to .* for this tap mirror: use another tunnel id$/,
        ),
      );
      expect(await mirrors.reason(second)).not.toContain(first);
      await theirs.delete('tap_mirrors', first);
      await theirs.untilGone('tap_mirrors', first);
      await mirrors.active(second);
      await mirrors.expectMirrored(vm, 'gre', { OUT: 5, IN: 6 });
    });

    it("leaves somebody else's tunnel alone, and says that it is in the way", async () => {
      const { lab } = await start({ nodes: ['node-a'] });
      const vm = await lab.vm('node-a');
      const tunnel = {
        ...{ type: 2, mode: 0, flags: 0, session_id: 12, instance: 0xffffffff, outer_table_id: 0, key: 0 },
        ...{ sw_if_index: 0xffffffff, src: toVppAddress('10.99.0.1'), dst: toVppAddress(remote) },
      };
      await mirrors.withVpp('node-a', (vpp) => vpp.request('gre_tunnel_add_del_v2', { is_add: true, tunnel }));
      // The agent, which is finding out what its VPP's bits mean, has a loopback at first.
      const theirs = ['interface gre0 ', 'tunnel 0'];
      await lab.eventually(async () => expect(await mirrors.leftovers('node-a')).toEqual(theirs));
      const mirror = await mirrors.mirror(vm, 'erspanv1', { BOTH: 12 });
      const refused = await lab.client.until('tap_mirrors', mirror, 'ERROR');
      expect(refused.status_reason).toMatch(/has a tunnel to 198.51.100.9 with ERSPAN session 12 already/);
      await mirrors.expectNothing(vm);
      await mirrors.gone(mirror);
      expect(await mirrors.leftovers('node-a')).toEqual(theirs);
    });

    it('goes with its port, and gives its tunnel id back when it is really gone', async () => {
      const { lab } = await start({ nodes: ['node-a'] });
      const vm = await lab.vm('node-a');
      const mirror = await mirrors.mirror(vm, 'gre', { BOTH: 40 });
      await mirrors.active(mirror);
      await mirrors.gone(mirror);
      const keys = async () =>
        (await lab.cloud.store.list('/networking-vpp/')).entries
          .map(({ key }) => key)
          .filter((key) => /tap_mirrors|tunnel_ids|port_roles/.test(key));
      await lab.eventually(async () => expect(await keys()).toEqual([]));
      expect(await mirrors.leftovers('node-a')).toEqual([]);
      const again = await mirrors.mirror(vm, 'gre', { BOTH: 40 });
      await mirrors.active(again);
      expect(await lab.cloud.client(project).show('tap_mirrors', again)).toMatchObject({ status: 'ACTIVE' });
    });
  });
}

function longFrame(length: number): Uint8Array {
  return udp({
    ...{ src: '02:aa:00:00:00:01', dst: 'ff:ff:ff:ff:ff:ff', srcIp: '192.0.2.1', dstIp: '192.0.2.255' },
    ...{ srcPort: 1000, dstPort: 2000, payload: new Uint8Array(length - 28).fill(length & 0xff) },
  });
}
