import {
  Cloud,
  type CloudOptions,
  connectToSwitch,
  type Frame,
  type LabPort,
  type NewTapFlow,
  settled,
  type TaasClient,
} from '@taas/lab';
import { keys } from '@taas/model';
import { compareFrames } from '@taas/packets';
import { silentLogger, systemClock } from '@taas/service';
import { expect } from 'vitest';
import type { AgentMessages, VppClient } from 'vpp-api';
import { distinctFrame } from './distinct-frames.js';
import { talk } from './talk.js';

/** A port with a neighbour in a network of its own, so that frames can go to it as well as come from it. */
export interface TestVm {
  readonly node: string;
  readonly port: LabPort;
  readonly neighbour: LabPort;
}

export interface Collector {
  readonly node: string;
  readonly port: LabPort;
}

/** By default two nodes in this process, with copies over VLANs. */
export type LabSettings = Pick<CloudOptions, 'switch'> &
  Partial<
    Pick<
      CloudOptions,
      | 'store'
      | 'process'
      | 'bindings'
      | 'openstack'
      | 'transport'
      | 'nodes'
      | 'ip6'
      | 'agent'
      | 'segments'
      | 'release'
      | 'server'
      | 'seams'
      | 'tuning'
    >
  >;

/** A cloud with what scenarios do over and over: VMs that talk, collectors that are checked frame by frame. */
export class TapLab {
  readonly clock = systemClock;

  private constructor(
    readonly cloud: Cloud,
    readonly project: string,
    private readonly last: { serial: number; port: number } = { serial: 0, port: 0 },
    readonly client: TaasClient = cloud.client(project),
  ) {}

  static async start(settings: LabSettings): Promise<TapLab> {
    const usual = { store: 'embedded', nodes: ['node-a', 'node-b'], transport: 'vlan' } as const;
    const cloud = await Cloud.start({ ...usual, ...settings, clock: systemClock, logger: silentLogger });
    const lab = new TapLab(cloud, project);
    // An agent says that it is there when it has found out what its VPP's answers mean; nothing goes to a node before.
    for (const { name } of cloud.nodes)
      await lab.eventually(async () => {
        const record = await cloud.store.get(keys.agent(name));
        expect(record && JSON.parse(record.value)).toMatchObject({ vpp_version: expect.any(String) });
      });
    return lab;
  }

  /** Why no port here gets the sw_if_index of one that is gone; null: the next one does. */
  get keepsIndices(): string | null {
    if (this.cloud.nodes.every((node) => node.switch.freesIndices)) return null;
    return "this VPP never deletes a packet generator's interface; tests/networking-vpp deletes ports of VMs";
  }

  /** The same cloud for another project: what is made by it is that project's. */
  as(project: string): TapLab {
    return new TapLab(this.cloud, project, this.last);
  }

  async stop(): Promise<void> {
    await this.cloud.stop();
  }

  newPortId(): string {
    this.last.port += 1;
    return `00000000-0000-4000-8000-${this.last.port.toString().padStart(12, '0')}`;
  }

  async vm(node: string, id = this.newPortId()): Promise<TestVm> {
    const bridgeDomain = 100 + this.last.port;
    const port = await this.cloud.addPort(node, { id, bridgeDomain }, this.project);
    const neighbour = await this.cloud.addPort(node, { id: this.newPortId(), bridgeDomain }, this.project);
    return { node, port, neighbour };
  }

  async collector(node: string, id = this.newPortId(), detachable = false): Promise<Collector> {
    const options = { id, bridgeDomain: 100 + this.last.port, detachable };
    return { node, port: await this.cloud.addPort(node, options, this.project) };
  }

  async service(collector: Collector): Promise<string> {
    return (await this.client.createTapService('scenario', collector.port.id)).id;
  }

  async flow(
    service: string,
    vm: TestVm,
    direction: 'IN' | 'OUT' | 'BOTH' = 'BOTH',
    filters: Pick<NewTapFlow, 'vlanFilter' | 'filterRules' | 'accounting'> = {},
  ): Promise<string> {
    const flow = { name: 'scenario', tapServiceId: service, sourcePort: vm.port.id, direction, ...filters };
    return (await this.client.createTapFlow(flow)).id;
  }

  async active(...flows: readonly string[]): Promise<void> {
    for (const flow of flows) await this.client.until('tap_flows', flow, 'ACTIVE');
  }

  /** Frames that nobody has sent before, to one address, to a group and to all in turn. */
  frames(count: number): Frame[] {
    return Array.from({ length: count }, () => {
      this.last.serial += 1;
      return distinctFrame(this.last.serial);
    });
  }

  /** Looks for a sub-interface or a loopback with the tag; `deleting` it is done without a word to the agent. */
  async findTagged(node: string, tag: string, deleting = false): Promise<boolean> {
    return this.#asSomebody(node, async (vpp) => {
      const found = await tagged(vpp, tag);
      const remove = found?.sup_sw_if_index === found?.sw_if_index ? 'delete_loopback' : 'delete_subif';
      if (found && deleting) await vpp.request(remove, { sw_if_index: found.sw_if_index });
      return found !== undefined;
    });
  }

  /** Leaves a service one way to its collector, in no split-horizon group, as agents made it that knew no other. */
  async wireAsOfOld(node: string, service: string): Promise<void> {
    await this.#asSomebody(node, async (vpp) => {
      const first = (await tagged(vpp, `taas.collector:${service}`))?.sw_if_index ?? 0;
      const second = (await tagged(vpp, `taas.unicast:${service}`))?.sw_if_index ?? 0;
      const domains = await vpp.dump('bridge_domain_dump', { bd_id: none, sw_if_index: none });
      const id = domains.find(({ bd_tag }) => bd_tag === `taas.service:${service}`)?.bd_id ?? 0;
      await Promise.all([
        vpp.request('delete_subif', { sw_if_index: second }),
        vpp.request('sw_interface_set_l2_bridge', {
          ...{ rx_sw_if_index: first, bd_id: id, port_type: 0, shg: 0, enable: true },
        }),
        vpp.request('l2_flags', { sw_if_index: first, is_set: false, feature_bitmap: 15 }),
      ]);
    });
  }

  async #asSomebody<T>(node: string, act: (vpp: VppClient<AgentMessages>) => Promise<T>): Promise<T> {
    const vpp = await connectToSwitch(this.cloud.node(node).switch, 'somebody');
    try {
      return await act(vpp);
    } finally {
      await vpp.close();
    }
  }

  /** The VM sends. */
  async sends(vm: TestVm, frames: readonly Frame[]): Promise<void> {
    await this.cloud.node(vm.node).switch.send(vm.port, frames);
  }

  /** The VM is sent. */
  async isSent(vm: TestVm, frames: readonly Frame[]): Promise<void> {
    await this.cloud.node(vm.node).switch.send(vm.neighbour, frames);
  }

  /** Runs the traffic, and expects the port to be given exactly these frames, each once and no other. */
  async expectAt(at: Collector, what: string, traffic: () => Promise<readonly Frame[]>): Promise<void> {
    const capture = await this.cloud.node(at.node).switch.capture(at.port);
    const expected = await traffic();
    await settled(capture, this.clock, { atLeast: expected.length, timeoutMs: 3_000 });
    const comparison = compareFrames(expected, await capture.stop());
    expect({
      what,
      matched: comparison.matched,
      lost: comparison.lost.length,
      duplicated: comparison.duplicated.length,
      // Some of them, to look into.
      foreign: comparison.foreign.slice(0, 5).map((frame) => Buffer.from(frame).toString('hex')),
    }).toEqual({ what, matched: expected.length, lost: 0, duplicated: 0, foreign: [] });
  }

  /** The VM sends without a pause while something happens, and every frame must arrive, once. */
  async expectAllOf(vm: TestVm, at: Collector, what: string, happen: () => Promise<void>): Promise<void> {
    await this.expectAt(at, what, async () => {
      const talking = talk(this, vm);
      let sent: readonly Frame[] = [];
      try {
        await happen();
        await talking.more(200);
      } finally {
        sent = await talking.stop();
      }
      return sent;
    });
  }

  /** Both directions of one VM, one after the other, as a flow of `direction` must copy them. */
  async expectCopies(at: Collector, vm: TestVm, direction: 'IN' | 'OUT' | 'BOTH' = 'BOTH'): Promise<void> {
    const name = `flow ${direction} of ${vm.node}`;
    await this.expectAt(at, `${name}, frames from the VM`, async () => {
      const out = this.frames(20);
      await this.sends(vm, out);
      return direction === 'IN' ? [] : out;
    });
    await this.expectAt(at, `${name}, frames to the VM`, async () => {
      const into = this.frames(20);
      await this.isSent(vm, into);
      return direction === 'OUT' ? [] : into;
    });
  }

  async expectNothing(at: Collector, vm: TestVm): Promise<void> {
    await this.expectAt(at, `nothing of ${vm.node}'s VM`, async () => {
      await this.sends(vm, this.frames(20));
      await this.isSent(vm, this.frames(20));
      return [];
    });
  }

  /** Looks until the condition holds. @throws what the condition last threw, after `timeoutMs` */
  async eventually(condition: () => Promise<void>, timeoutMs = 8_000): Promise<void> {
    const deadline = this.clock.monotonic() + timeoutMs;
    for (;;) {
      try {
        await condition();
        return;
      } catch (error) {
        if (this.clock.monotonic() > deadline) throw error;
      }
      await this.clock.sleep(20);
    }
  }
}

const none = 0xffffffff;

async function tagged(vpp: VppClient<AgentMessages>, tag: string) {
  const all = await vpp.dump('sw_interface_dump', { sw_if_index: none, name_filter_valid: false, name_filter: '' });
  return all.find((each) => each.tag === tag);
}

export const project = 'scenario-project';
