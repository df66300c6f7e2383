import { randomUUID } from 'node:crypto';
import { dirname, join } from 'node:path';
import { readCounters } from '@taas/agent';
import type { Clock } from '@taas/service';
import { connect, fromVppMac, labMessages, type VppClient } from 'vpp-api';
import { attach, detach } from './detachable-port.js';
import { HostLink } from './host-link.js';
import type {
  Capture,
  Frame,
  HostOptions,
  LabPort,
  LabSwitch,
  OutsideOptions,
  PortCounters,
  PortOptions,
  SubportOptions,
} from './lab-switch.js';
import { PacketGenerator } from './packet-generator.js';
import { type MemifUplink, makeMemif, untilLinked } from './real-memif.js';
import { addressOutside, deleteInterface, labPort, makeInterface, portTag, type RealPort } from './real-port.js';
import { type VppBinary, VppProcess, type VppTuning } from './vpp-process.js';

type Client = VppClient<typeof labMessages>;

/** The bridge domain of a VPP that plays the physical network. */
const wireDomain = 1;

/**
 * A real VPP. Its ports are packet-generator interfaces: frames go in from a pcap file and come out into one, without
 * a VM, a NIC or a kernel interface. Its uplinks are memif pairs.
 */
export class RealSwitch implements LabSwitch {
  readonly kind = 'real';
  readonly description: string;
  readonly #process: VppProcess;
  readonly #generator: PacketGenerator;
  readonly #ports = new Map<string, RealPort>();
  readonly #uplinks: MemifUplink[] = [];
  readonly #hosts: HostLink[] = [];
  readonly #routes = new Map<string, string>();
  #client: Client | undefined;
  /** The table by which copies are swallowed. */
  #swallower = 0;
  #serial = 0;

  constructor(
    private readonly binary: VppBinary,
    readonly directory: string,
    name: string,
    private readonly clock: Clock,
    tuning: VppTuning = {},
  ) {
    this.description = `vpp ${binary.version}`;
    this.#process = new VppProcess(binary, directory, name, clock, tuning);
    this.#generator = new PacketGenerator((command) => this.cli(command), directory, clock);
  }

  get apiSocket(): string {
    return this.#process.apiSocket;
  }

  get apiFolders(): readonly string[] {
    return [join(dirname(dirname(this.binary.path)), 'share', 'vpp', 'api')];
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  async start(): Promise<void> {
    await this.#process.start();
    this.#client = await connect({
      socketPath: this.apiSocket,
      clientName: 'taas-lab',
      messages: labMessages,
      apiFolders: { folders: this.apiFolders },
    });
  }

  async addPort(options: PortOptions): Promise<LabPort> {
    const port: RealPort = { options, number: this.#serial++, swIfIndex: 0, bridgeDomain: options.bridgeDomain };
    this.#ports.set(options.id, port);
    await this.makePort(port);
    return labPort(port);
  }

  async removePort(port: LabPort): Promise<void> {
    const real = this.port(port);
    this.#ports.delete(port.id);
    await deleteInterface(this.client, real);
  }

  async addSubport(trunk: LabPort, { id, vlan, bridgeDomain }: SubportOptions): Promise<void> {
    const parent = this.port(trunk).swIfIndex;
    const { sw_if_index } = await this.client.request('create_vlan_subif', { sw_if_index: parent, vlan_id: vlan });
    await this.tag(sw_if_index, `net-vpp.port:${id}`);
    await this.bridge(sw_if_index, bridgeDomain, true);
    const noTags = { push_dot1q: 0, tag1: 0, tag2: 0 };
    await this.client.request('l2_interface_vlan_tag_rewrite', { sw_if_index, vtr_op: popOne, ...noTags });
    await this.up(sw_if_index);
  }

  async setAttached(port: LabPort, attached: boolean): Promise<void> {
    const vm = this.port(port).detachable;
    if (vm === undefined) throw new Error(`the VM of port ${port.id} cannot be taken away: make it a detachable port`);
    await (attached ? attach : detach)(this.client, vm);
    const deadline = this.clock.monotonic() + 15_000;
    while ((await this.isLinked(port)) !== attached) {
      if (this.clock.monotonic() > deadline)
        throw new Error(`the link of port ${port.id} is not as it should be after 15 s`);
      await this.clock.sleep(5);
    }
  }

  async bridgePort(port: LabPort, bridgeDomain: number | null): Promise<LabPort> {
    const real = this.port(port);
    await this.bridge(real.swIfIndex, bridgeDomain ?? real.bridgeDomain ?? 0, bridgeDomain !== null);
    real.bridgeDomain = bridgeDomain;
    return labPort(real);
  }

  async bridgeUplink(bridgeDomain: number | null): Promise<void> {
    await this.bridge((await this.uplink()).sw_if_index, bridgeDomain ?? 0, bridgeDomain !== null);
  }

  async uplinkMac(): Promise<string> {
    return fromVppMac((await this.uplink()).l2_address);
  }

  async send(port: LabPort, frames: readonly Frame[]): Promise<void> {
    await this.#generator.send(this.generator(port), frames);
  }

  async capture(port: LabPort): Promise<Capture> {
    return this.#generator.capture(this.generator(port));
  }

  async addOutside(outside: OutsideOptions): Promise<LabPort> {
    const options = { id: outside.id, bridgeDomain: 0, tag: null };
    const port: RealPort = { options, outside, number: this.#serial++, swIfIndex: 0, bridgeDomain: null };
    this.#ports.set(outside.id, port);
    await this.makePort(port);
    return labPort(port);
  }

  async addHost(host: HostOptions): Promise<null> {
    const link = await HostLink.make(host, `tl-${randomUUID().slice(0, 8)}`);
    this.#hosts.push(link);
    await link.attach((command) => this.cli(command));
    for (const address of host.behind) await this.route(`${address}/32`, host.host);
    return null;
  }

  async setMtu(port: LabPort, mtu: number): Promise<void> {
    await this.cli(`set interface mtu packet ${mtu} pg${this.generator(port)}`);
  }

  async route(prefix: string, via: string | null): Promise<void> {
    if (via === null) {
      this.#routes.delete(prefix);
      await this.cli(`ip route del ${prefix}`);
    } else {
      this.#routes.set(prefix, via);
      await this.cli(`ip route add ${prefix} via ${via}`);
    }
  }

  /** Whether a VM is attached to the port. */
  async isLinked(port: LabPort): Promise<boolean> {
    const only = { ...everyInterface, sw_if_index: this.port(port).swIfIndex };
    const [found] = await this.client.dump('sw_interface_dump', only);
    return ((found?.flags ?? 0) & linkUp) !== 0;
  }

  /** By an ACL on what the interface sends, which comes before its counters: a table without sessions, for all that misses. */
  async swallowCopies(swIfIndex: number, isBroken: boolean): Promise<void> {
    const of = new RegExp(`^(\\S+)\\s+${swIfIndex}\\s`, 'm').exec(await this.cli('show interface'));
    if (!of) throw new Error(`there is no interface ${swIfIndex}`);
    if (isBroken) {
      await this.cli('classify table acl-miss-next deny mask l2 src buckets 16');
      const tables = [...(await this.cli('show classify tables')).matchAll(/^\s*(\d+)\s+\d+\s/gm)];
      this.#swallower = Math.max(...tables.map(([, index]) => Number(index)));
    }
    const del = isBroken ? '' : ' del';
    await this.cli(`set interface output acl intfc ${of[1]} l2-table ${this.#swallower}${del}`);
  }

  async counters(): Promise<ReadonlyMap<number, PortCounters>> {
    return readCounters(await this.cli('show interface'));
  }

  /** Joins two VPPs by a memif pair; both then have an uplink tagged for the physnet and an address for tunnels. */
  static async join(
    a: RealSwitch,
    b: RealSwitch,
    physnet: string,
    addresses: readonly [string, string],
  ): Promise<void> {
    const socket = join(a.directory, `memif-${physnet}-${a.#uplinks.length}.sock`);
    a.#uplinks.push({ physnet, tunnelAddress: addresses[0], socket, role: 'master' });
    b.#uplinks.push({ physnet, tunnelAddress: addresses[1], socket, role: 'slave' });
    for (const side of [a, b]) await side.makeUplink(side.#uplinks.length - 1);
    await untilLinked(a.client, a.clock);
    await untilLinked(b.client, b.clock);
  }

  /**
   * Joins any number of VPPs by one more that plays the physical network: what one uplink sends, all others get. It does
   * not learn, as a network for copies must not: their source addresses are those of VMs that are elsewhere.
   */
  static async joinBy(
    wire: RealSwitch,
    nodes: readonly { readonly node: RealSwitch; readonly tunnelAddress: string }[],
    physnet: string,
  ): Promise<void> {
    await wire.cli(`create bridge-domain ${wireDomain} learn 0 forward 1 uu-flood 1 flood 1 arp-term 0`);
    for (const [n, { node, tunnelAddress }] of nodes.entries()) {
      const socket = join(wire.directory, `memif-${physnet}-${n}.sock`);
      const end = await makeMemif(wire.client, (command) => wire.cli(command), n, { socket, role: 'master' });
      await wire.cli(`set interface l2 bridge ${end} ${wireDomain}`);
      // What is for a node goes to that node: an old VPP takes from a memif what is for another, and routes it, round and round.
      const mac = `02:fe:00:00:00:${(n + 1).toString(16).padStart(2, '0')}`;
      await wire.cli(`l2fib add ${mac} ${wireDomain} ${end} static`);
      node.#uplinks.push({ physnet, tunnelAddress, socket, role: 'slave', mac });
      await node.makeUplink(node.#uplinks.length - 1);
    }
    for (const { node } of nodes) await untilLinked(node.client, node.clock);
  }

  get freesIndices(): boolean {
    return this.client.has('pg_delete_interface');
  }

  writes(): undefined {
    return undefined;
  }

  async restart(): Promise<void> {
    await this.kill();
    await this.start();
    for (const index of this.#uplinks.keys()) await this.makeUplink(index);
    for (const port of this.#ports.values()) await this.makePort(port);
    for (const host of this.#hosts) await host.attach((command) => this.cli(command));
    for (const [prefix, via] of this.#routes) await this.route(prefix, via);
    await untilLinked(this.client, this.clock);
  }

  async kill(): Promise<void> {
    await this.#client?.close();
    this.#client = undefined;
    await this.#process.kill();
  }

  async stop(): Promise<void> {
    await this.kill();
    for (const host of this.#hosts.splice(0)) await host.remove();
  }

  /**
   * What VPP prints for a CLI command.
   * @throws Error naming the command that VPP refused
   */
  async cli(command: string): Promise<string> {
    try {
      return (await this.client.request('cli_inband', { cmd: command })).reply;
    } catch (cause) {
      throw new Error(`VPP's CLI refused "${command}"`, { cause });
    }
  }

  /** The interface's name in VPP's CLI. */
  nameOf(port: LabPort): string {
    return `pg${this.generator(port)}`;
  }

  /** The interface's sw_if_index now: a restart may have given it another. */
  indexOf(port: LabPort): number {
    return this.port(port).swIfIndex;
  }

  private get client(): Client {
    if (this.#client === undefined) throw new Error('this VPP has not been started');
    return this.#client;
  }

  private port(port: LabPort): RealPort {
    const real = this.#ports.get(port.id);
    if (real === undefined) throw new Error(`port ${port.id} is not on this VPP`);
    return real;
  }

  /** The number of its packet-generator interface. @throws Error for a port that belongs to a VM */
  private generator(port: LabPort): number {
    const { number, options } = this.port(port);
    if (options.socket !== undefined) throw new Error(`port ${port.id} belongs to the VM at ${options.socket}`);
    return number;
  }

  private async makePort(port: RealPort): Promise<void> {
    port.swIfIndex = await makeInterface(this.client, port, this.directory);
    const tag = portTag(port.options);
    // A vhost-user interface has it from the moment that it is there.
    if (tag !== null && port.options.socket === undefined) await this.tag(port.swIfIndex, tag);
    await this.up(port.swIfIndex);
    if (port.detachable) await this.setAttached(labPort(port), true);
    if (port.bridgeDomain !== null) await this.bridge(port.swIfIndex, port.bridgeDomain, true);
    if (port.outside === undefined) return;
    await addressOutside((command) => this.cli(command), `pg${port.number}`, port.outside);
  }

  private async makeUplink(index: number): Promise<void> {
    const uplink = this.#uplinks[index];
    if (uplink === undefined) throw new Error(`there is no uplink ${index}`);
    const name = await makeMemif(this.client, (command) => this.cli(command), index, uplink);
    await this.cli(`set interface ip address ${name} ${uplink.tunnelAddress}`);
    const found = (await this.client.dump('sw_interface_dump', everyInterface)).find((i) => i.interface_name === name);
    if (found === undefined) throw new Error(`VPP did not make ${name}`);
    await this.tag(found.sw_if_index, `net-vpp.physnet:${uplink.physnet}`);
  }

  private async uplink() {
    const all = await this.client.dump('sw_interface_dump', everyInterface);
    const found = all.find(({ tag }) => tag.startsWith('net-vpp.physnet:'));
    if (found === undefined) throw new Error('this VPP has no uplink');
    return found;
  }

  private async tag(swIfIndex: number, tag: string): Promise<void> {
    await this.client.request('sw_interface_tag_add_del', { is_add: true, sw_if_index: swIfIndex, tag });
  }

  private async up(swIfIndex: number): Promise<void> {
    await this.client.request('sw_interface_set_flags', { sw_if_index: swIfIndex, flags: adminUp });
  }

  private async bridge(swIfIndex: number, bridgeDomain: number, enable: boolean): Promise<void> {
    await this.client.request('sw_interface_set_l2_bridge', {
      rx_sw_if_index: swIfIndex,
      bd_id: bridgeDomain,
      port_type: 0,
      shg: 0,
      enable,
    });
  }
}

const adminUp = 1;
/** VPP's L2_VTR_POP_1. */
const popOne = 3;
const linkUp = 2;
const everyInterface = { sw_if_index: 0xffffffff, name_filter_valid: false, name_filter: '' } as const;
