import { join } from 'node:path';
import { burstSize, type LabPort, RealSwitch, VhostVm } from '@taas/lab';
import { expect } from 'vitest';
import { type LabSettings, project, TapLab, type TestVm } from './tap-lab.js';

/** A VM on a real vhost-user port: its driver is started and killed by the test. */
export interface DrivenVm extends TestVm {
  readonly socket: string;
  driver: VhostVm | undefined;
  /** Frames that its drivers should have received, since the first of them was started. */
  expected: number;
  /** What drivers have received that are gone. */
  before: number;
}

/** A lab whose tapped ports and collectors are vhost-user ports with real virtio drivers, which count frames. */
export class VhostLab {
  readonly #vms: DrivenVm[] = [];
  #macs = 0;

  private constructor(
    readonly lab: TapLab,
    private readonly testpmd: string,
  ) {}

  static async start(settings: LabSettings, testpmd: string): Promise<VhostLab> {
    return new VhostLab(await TapLab.start(settings), testpmd);
  }

  async stop(): Promise<void> {
    for (const vm of this.#vms) await vm.driver?.kill();
    await this.lab.stop();
  }

  /**
   * A port made as networking-vpp makes it, and no VM yet; its neighbour is an ordinary port of the lab.
   * @param tag null: a port that only its socket's name tells of
   */
  async port(node: string, tag?: null, id = this.lab.newPortId()): Promise<DrivenVm> {
    const bridgeDomain = 300 + this.#vms.length;
    const socket = join(this.real(node).directory, id);
    const options = { id, bridgeDomain, socket, ...(tag === null ? { tag } : {}) };
    const port = await this.lab.cloud.addPort(node, options, project);
    const neighbour = await this.lab.cloud.addPort(node, { id: this.lab.newPortId(), bridgeDomain }, project);
    const vm = { node, port, neighbour, socket, driver: undefined, expected: 0, before: 0 };
    this.#vms.push(vm);
    return vm;
  }

  async vm(node: string, tag?: null): Promise<DrivenVm> {
    const vm = await this.port(node, tag);
    await this.boot(vm);
    return vm;
  }

  /** Attaches a driver, and waits until VPP has seen it. */
  async boot(vm: DrivenVm): Promise<void> {
    this.#macs += 1;
    const mac = `02:bb:00:00:00:${this.#macs.toString(16).padStart(2, '0')}`;
    vm.driver = await VhostVm.start({ testpmd: this.testpmd, socket: vm.socket, mac }, this.lab.clock);
    await this.untilLinked(vm, true);
  }

  async kill(vm: DrivenVm): Promise<void> {
    vm.before += (await driverOf(vm).counters()).received;
    await driverOf(vm).kill();
    vm.driver = undefined;
    await this.untilLinked(vm, false);
  }

  /** Two bursts from the VM, and an odd number of frames to it: each arrives, and copies of `copied` at the collectors. */
  async talk(vm: DrivenVm, collectors: readonly DrivenVm[], copied: 'IN' | 'OUT' | 'BOTH' | 'NONE'): Promise<void> {
    const [out, into] = [2 * burstSize, 21];
    const sent = (await driverOf(vm).counters()).sent;
    await driverOf(vm).send(2);
    await this.lab.isSent(vm, this.lab.frames(into));
    vm.expected += into;
    const copies = { IN: into, OUT: out, BOTH: into + out, NONE: 0 }[copied];
    for (const collector of collectors) collector.expected += copies;
    await this.lab.eventually(async () => expect((await driverOf(vm).counters()).sent - sent).toBe(out));
    await this.expectCounts(vm, ...collectors);
  }

  /** Every frame has arrived that should have, and no more came a while later. */
  async expectCounts(...vms: readonly DrivenVm[]): Promise<void> {
    const look = async () => {
      const counted = await Promise.all(vms.map(async (vm) => vm.before + (await driverOf(vm).counters()).received));
      expect(counted).toEqual(vms.map(({ expected }) => expected));
    };
    await this.lab.eventually(look);
    await this.lab.clock.sleep(100);
    await look();
  }

  /** Frames that VPP could not give to the VM. */
  async txErrors(vm: DrivenVm): Promise<number> {
    return (await this.real(vm.node).counters()).get(vm.port.swIfIndex)?.txErrors ?? 0;
  }

  /** Deletes the port and makes it again, as when a VM is moved away and back; its driver goes with it. */
  async remove(vm: DrivenVm): Promise<void> {
    await vm.driver?.kill();
    vm.driver = undefined;
    await this.real(vm.node).removePort(vm.port);
  }

  real(node: string): RealSwitch {
    const found = this.lab.cloud.node(node).switch;
    if (!(found instanceof RealSwitch)) throw new Error('vhost-user ports need a real VPP');
    return found;
  }

  private untilLinked({ node, port }: { readonly node: string; readonly port: LabPort }, linked: boolean) {
    return this.lab.eventually(async () => expect(await this.real(node).isLinked(port)).toBe(linked));
  }
}

function driverOf({ socket, driver }: DrivenVm): VhostVm {
  if (driver === undefined) throw new Error(`no VM is attached to ${socket}`);
  return driver;
}
