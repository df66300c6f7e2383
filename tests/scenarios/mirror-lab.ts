import type { Frame, LabPort, NewTapMirror } from '@taas/lab';
import { connectToSwitch, settled, tunnelAddress } from '@taas/lab';
import { compareFrames, sampleTraffic } from '@taas/packets';
import { expect } from 'vitest';
import type { agentMessages, VppClient } from 'vpp-api';
import { mirroredFrame } from './mirrored-frame.js';
import { type LabSettings, TapLab, type TestVm } from './tap-lab.js';
import { type DecodedPacket, decodeWithTshark } from './tshark.js';

/** Where mirrors of a test send to: through a router on a network that hangs on the nodes' switch. */
export const remote = '198.51.100.9';
export const remote6 = '2001:db8:9::9';
const router = '203.0.113.254';
const router6 = '2001:db8:1::fe';

type Direction = 'IN' | 'OUT' | 'BOTH';
export type Directions = NewTapMirror['directions'];

/** What should arrive outside: of one tunnel, these frames. */
export interface Expectation {
  readonly type: 'gre' | 'erspanv1';
  readonly id: number;
  readonly frames: readonly Frame[];
}

/** A lab with an outside: a network beyond each node's switch, captured there and decoded by tshark. */
export class MirrorLab {
  readonly #outside = new Map<string, LabPort>();
  readonly #tunnelAddresses = new Set(
    [0, 1].flatMap((n) => [false, true].map((ip6) => tunnelAddress(n, ip6).split('/')[0] ?? '')),
  );

  private constructor(readonly lab: TapLab) {}

  static async start(settings: LabSettings): Promise<MirrorLab> {
    const mirrors = new MirrorLab(await TapLab.start(settings));
    for (const node of settings.nodes ?? ['node-a', 'node-b']) {
      const port = await mirrors.lab.cloud.node(node).switch.addOutside({
        id: mirrors.lab.newPortId(),
        addresses: ['203.0.113.1/24', '2001:db8:1::1/64'],
        neighbours: [router, router6].map((address) => ({ address, mac: '02:00:00:00:00:fe' })),
        mtu: 9216,
      });
      mirrors.#outside.set(node, port);
      await mirrors.connect(node);
    }
    return mirrors;
  }

  outside(node: string): LabPort {
    const port = this.#outside.get(node);
    if (port === undefined) throw new RangeError(`there is no node ${node}`);
    return port;
  }

  async connect(node: string): Promise<void> {
    await this.switch(node).route('198.51.100.0/24', router);
    await this.switch(node).route('2001:db8:9::/48', router6);
  }

  async disconnect(node: string): Promise<void> {
    await this.switch(node).route('198.51.100.0/24', null);
    await this.switch(node).route('2001:db8:9::/48', null);
  }

  switch(node: string) {
    return this.lab.cloud.node(node).switch;
  }

  async mirror(
    vm: Pick<TestVm, 'port'>,
    type: 'gre' | 'erspanv1',
    directions: Directions,
    to = remote,
  ): Promise<string> {
    const made = { name: 'scenario', portId: vm.port.id, type, remoteIp: to, directions };
    return (await this.lab.client.createTapMirror(made)).id;
  }

  async active(...mirrors: readonly string[]): Promise<void> {
    for (const mirror of mirrors) await this.lab.client.until('tap_mirrors', mirror, 'ACTIVE');
  }

  async reason(mirror: string): Promise<string> {
    const { status, status_reason } = await this.lab.client.show('tap_mirrors', mirror);
    return `${status} ${status_reason}`.trim();
  }

  async gone(mirror: string): Promise<void> {
    await this.lab.client.delete('tap_mirrors', mirror);
    await this.lab.client.untilGone('tap_mirrors', mirror);
  }

  /** ARP to jumbo, tagged and multicast: sent by the VM, then sent to it, each frame another one. */
  async talk(vm: TestVm): Promise<{ readonly OUT: Frame[]; readonly IN: Frame[]; readonly BOTH: Frame[] }> {
    const [first] = this.lab.frames(1);
    const serial = new DataView((first ?? new Uint8Array(0)).slice(42).buffer).getUint32(0) * 1000;
    const traffic = sampleTraffic({ vmMac: '02:aa:00:00:00:01', firstSerial: serial });
    const of = (sentByVm: boolean) => traffic.filter((each) => each.sentByVm === sentByVm).map(({ frame }) => frame);
    const [out, into] = [of(true), of(false)];
    await this.lab.sends(vm, out);
    await this.lab.isSent(vm, into);
    return { OUT: out, IN: into, BOTH: [...out, ...into] };
  }

  /** Captures outside of a node while the traffic runs, until at least as many frames as expected have come. */
  async captured(node: string, traffic: () => Promise<number>): Promise<DecodedPacket[]> {
    const capture = await this.switch(node).capture(this.outside(node));
    const atLeast = await traffic();
    // VPP's own words on that network count too, and a starved VPP may be silent between two frames.
    await settled(capture, this.lab.clock, { atLeast, timeoutMs: 10_000, quietMs: 500 });
    return this.decoded(await capture.stop());
  }

  /** What VPP says on the network outside for itself, to routers and neighbours, is not sent by anybody's tunnel. */
  async decoded(captured: readonly Frame[]): Promise<DecodedPacket[]> {
    const decoded = await decodeWithTshark(captured);
    for (const [n, packet] of decoded.entries()) expectTheSame(captured[n] ?? new Uint8Array(0), packet);
    return decoded.filter(({ from }) => this.#tunnelAddresses.has(from));
  }

  /** Expects what tshark makes of the capture to be these tunnels' frames, each once, and nothing else. */
  async expectOutside(node: string, traffic: () => Promise<readonly Expectation[]>): Promise<DecodedPacket[]> {
    let expected: readonly Expectation[] = [];
    const packets = await this.captured(node, async () => {
      expected = await traffic();
      return expected.reduce((sum, { frames }) => sum + frames.length, 0);
    });
    const name = (type: string, id: number) => `${type} ${id}`;
    const got = new Map<string, Frame[]>(expected.map(({ type, id }) => [name(type, id), []]));
    for (const packet of packets) {
      const key = packet.gre === 0x6558 ? name('gre', packet.key ?? 0) : name('erspanv1', packet.session ?? -1);
      got.set(key, [...(got.get(key) ?? []), packet.inner]);
      if (packet.gre === 0x88be) expect(packet.erspanVersion).toBe(1);
      else expect(packet.gre).toBe(0x6558);
    }
    const result = [...got].map(([tunnel, frames]) => {
      const wanted = expected.find(({ type, id }) => name(type, id) === tunnel)?.frames ?? [];
      const { matched, lost, duplicated, foreign } = compareFrames(wanted, frames);
      return { tunnel, matched, lost: lost.length, duplicated: duplicated.length, foreign: foreign.length };
    });
    const whole = ({ type, id, frames }: Expectation) => ({ tunnel: name(type, id), matched: frames.length });
    expect(result).toEqual(expected.map((each) => ({ ...whole(each), lost: 0, duplicated: 0, foreign: 0 })));
    return packets;
  }

  /** A mirror with these directions copies just that, both ways of the VM's talk. */
  async expectMirrored(vm: TestVm, type: 'gre' | 'erspanv1', directions: Directions): Promise<void> {
    await this.expectOutside(vm.node, async () => {
      const said = await this.talk(vm);
      return (Object.entries(directions) as [Direction, number][]).map(([direction, id]) => ({
        type,
        id,
        frames: said[direction],
      }));
    });
  }

  async expectNothing(vm: TestVm, node = vm.node): Promise<void> {
    await this.expectOutside(node, async () => {
      await this.talk(vm);
      return [];
    });
  }

  /** A connection of our own to a node's switch, for the time of `work`. */
  async withVpp<T>(node: string, work: (vpp: VppClient<typeof agentMessages>) => Promise<T>): Promise<T> {
    const vpp = await connectToSwitch(this.switch(node), 'scenario');
    try {
      return await work(vpp);
    } finally {
      await vpp.close();
    }
  }

  /** Everything in a node's switch that is ours or of our kinds. */
  leftovers(node: string): Promise<readonly string[]> {
    const all = 0xffffffff;
    return this.withVpp(node, async (vpp) => {
      const every = { sw_if_index: all, name_filter_valid: false, name_filter: '' };
      const interfaces = (await vpp.dump('sw_interface_dump', every)).filter(
        ({ tag, interface_name: name }) => tag.startsWith('taas.') || name.startsWith('loop') || name.startsWith('gre'),
      );
      const domains = await vpp.dump('bridge_domain_dump', { bd_id: all, sw_if_index: all });
      const spans = await vpp.dump('sw_interface_span_dump', { is_l2: true });
      const dump = vpp.has('gre_tunnel_v2_dump') ? 'gre_tunnel_v2_dump' : 'gre_tunnel_dump';
      const tunnels = await vpp.dump(dump, { sw_if_index: all });
      return [
        ...interfaces.map(({ interface_name: name, tag }) => `interface ${name} ${tag}`),
        ...domains.filter(({ bd_tag }) => bd_tag.startsWith('taas.')).map(({ bd_tag }) => `bridge domain ${bd_tag}`),
        ...spans.map((each) => `mirror ${each.sw_if_index_from} to ${each.sw_if_index_to}`),
        ...tunnels.map(({ tunnel }) => `tunnel ${tunnel.instance}`),
      ];
    });
  }
}

/** Our own reading of a mirrored frame, which other tests go by, is tshark's. */
function expectTheSame(captured: Frame, packet: DecodedPacket): void {
  const ours = mirroredFrame(captured);
  if (ours === null) return;
  const type = packet.gre === 0x6558 ? 'gre' : packet.gre === 0x88be ? 'erspanv1' : null;
  const id = type === 'gre' ? (packet.key ?? 0) : packet.session;
  expect(ours).toEqual({ type, id, inner: packet.inner });
}
