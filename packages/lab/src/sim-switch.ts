import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { IP_PROTOCOL, ipBytes, ipText, macText, parseFrame, udp, VXLAN_PORT } from '@taas/packets';
import { createSimulator, type Port, type Release, type Simulator } from 'vpp-sim';
import type {
  Capture,
  Frame,
  FromHost,
  HostOptions,
  LabPort,
  LabSwitch,
  OutsideOptions,
  PortCounters,
  PortOptions,
  SubportOptions,
  Uplink,
} from './lab-switch.js';
import type { SimWire } from './sim-wire.js';

interface SimPort {
  readonly options: PortOptions;
  readonly outside?: OutsideOptions;
  device: Port;
  bridgeDomain: number | null;
}

interface SimUplink extends Uplink {
  readonly wire: SimWire;
}

/** The simulator as a node's switch; ports and uplinks live in this process. */
export class SimSwitch implements LabSwitch {
  readonly kind = 'sim';
  readonly description = 'vpp-sim';
  readonly #ports = new Map<string, SimPort>();
  readonly #uplinks: SimUplink[] = [];
  readonly #hosts = new Map<HostOptions, Port>();
  readonly #routes = new Map<string, string>();

  private constructor(
    readonly simulator: Simulator,
    readonly apiFolders: readonly string[],
  ) {}

  /** @param release as which it speaks; default: the newest */
  static async start(directory: string, name: string, release?: Release): Promise<SimSwitch> {
    const socketPath = join(directory, 'api.sock');
    const simulator = await createSimulator({ socketPath, name, ...(release ? { release } : {}) });
    const folder = join(directory, 'api');
    await mkdir(folder, { recursive: true });
    for (const file of release ? simulator.apiFiles() : []) await writeFile(join(folder, file.name), file.text);
    return new SimSwitch(simulator, [folder]);
  }

  get apiSocket(): string {
    return this.simulator.socketPath;
  }

  async addPort(options: PortOptions): Promise<LabPort> {
    const port: SimPort = { options, device: this.makeDevice(options), bridgeDomain: options.bridgeDomain };
    this.#ports.set(options.id, port);
    return labPort(port);
  }

  async removePort(port: LabPort): Promise<void> {
    this.port(port).device.remove();
    this.#ports.delete(port.id);
  }

  async addSubport(trunk: LabPort, { id, vlan, bridgeDomain }: SubportOptions): Promise<void> {
    const { engine } = this.simulator;
    const { swIfIndex } = engine.createVlanSubInterface(this.port(trunk).device.swIfIndex, vlan);
    const sub = engine.interfaces.get(swIfIndex);
    sub.tag = `net-vpp.port:${id}`;
    engine.joinBridge(swIfIndex, bridgeDomain);
    engine.rewriteTags(swIfIndex, popOne);
    engine.interfaces.setAdmin(sub, true);
  }

  async setAttached(port: LabPort, attached: boolean): Promise<void> {
    this.port(port).device.setAttached(attached);
  }

  async bridgePort(port: LabPort, bridgeDomain: number | null): Promise<LabPort> {
    const sim = this.port(port);
    const { engine } = this.simulator;
    if (bridgeDomain === null) engine.setL3(sim.device.swIfIndex);
    else engine.joinBridge(sim.device.swIfIndex, bridgeDomain);
    sim.bridgeDomain = bridgeDomain;
    return labPort(sim);
  }

  async bridgeUplink(bridgeDomain: number | null): Promise<void> {
    const { engine } = this.simulator;
    const { swIfIndex } = this.uplink();
    if (bridgeDomain === null) engine.setL3(swIfIndex);
    else engine.joinBridge(swIfIndex, bridgeDomain);
  }

  async uplinkMac(): Promise<string> {
    return macText(this.uplink().mac);
  }

  async send(port: LabPort, frames: readonly Frame[]): Promise<void> {
    const { device } = this.port(port);
    for (const frame of frames) device.send(frame);
  }

  async capture(port: LabPort): Promise<Capture> {
    const frames: Frame[] = [];
    const end = this.port(port).device.onFrame((frame) => frames.push(frame));
    return {
      count: async () => frames.length,
      stop: async () => {
        end();
        return frames;
      },
    };
  }

  async addOutside(outside: OutsideOptions): Promise<LabPort> {
    const options = { id: outside.id, bridgeDomain: 0, tag: null };
    const port: SimPort = { options, outside, device: this.makeOutside(outside), bridgeDomain: null };
    this.#ports.set(outside.id, port);
    return labPort(port);
  }

  async addHost(host: HostOptions): Promise<FromHost> {
    this.makeHost(host);
    for (const address of host.behind) await this.route(`${address}/32`, host.host);
    return ({ from, to, payload }) => {
      const port = this.#hosts.get(host);
      if (!port) throw new Error(`this machine is not on the network of ${host.host}`);
      const { mac } = this.simulator.engine.interfaces.get(port.swIfIndex);
      const ends = { src: hostMac, dst: macText(mac), srcIp: from, dstIp: to };
      port.send(udp({ ...ends, srcPort: 49_152, dstPort: VXLAN_PORT, payload }));
    };
  }

  async setMtu(port: LabPort, mtu: number): Promise<void> {
    const { engine } = this.simulator;
    engine.interfaces.get(this.port(port).device.swIfIndex).mtu = mtu;
  }

  async route(prefix: string, via: string | null): Promise<void> {
    const [address = '', length = '32'] = prefix.split('/');
    const key = { address: ipBytes(address), length: Number(length) };
    const { routes } = this.simulator.engine.ip;
    if (via === null) {
      this.#routes.delete(prefix);
      routes.remove(key);
    } else {
      this.#routes.set(prefix, via);
      routes.add({ prefix: key, interface: undefined, nextHop: ipBytes(via) });
    }
  }

  async swallowCopies(swIfIndex: number, isBroken: boolean): Promise<void> {
    this.simulator.engine.span.swallow(swIfIndex, isBroken);
  }

  async counters(): Promise<ReadonlyMap<number, PortCounters>> {
    const all = this.simulator.engine.interfaces.all();
    return new Map([...all].map(({ swIfIndex, counters }) => [swIfIndex, { ...counters }]));
  }

  /** Plugs the simulator into a wire: it then has an uplink tagged for the physnet, with a tunnel address. */
  addUplink(wire: SimWire, uplink: Uplink): void {
    this.#uplinks.push({ ...uplink, wire });
    this.makeUplink({ ...uplink, wire });
  }

  readonly freesIndices = true;

  writes(): number {
    return this.simulator.writesOfFollowers.total;
  }

  async restart(): Promise<void> {
    await this.simulator.faults.restartEmpty();
    for (const uplink of this.#uplinks) this.makeUplink(uplink);
    for (const port of this.#ports.values())
      port.device = port.outside ? this.makeOutside(port.outside) : this.makeDevice(port.options, port.bridgeDomain);
    for (const host of this.#hosts.keys()) this.makeHost(host);
    for (const [prefix, via] of this.#routes) await this.route(prefix, via);
  }

  /** An empty one forwards as little as a dead one. */
  async kill(): Promise<void> {
    await this.simulator.faults.restartEmpty();
  }

  async stop(): Promise<void> {
    await this.simulator.stop();
  }

  private port(port: LabPort): SimPort {
    const sim = this.#ports.get(port.id);
    if (sim === undefined) throw new Error(`port ${port.id} is not on this simulator`);
    return sim;
  }

  private uplink() {
    const found = [...this.simulator.engine.interfaces.all()].find(({ tag }) => tag.startsWith('net-vpp.physnet:'));
    if (found === undefined) throw new Error('this simulator has no uplink');
    return found;
  }

  private makeDevice(options: PortOptions, bridgeDomain: number | null = options.bridgeDomain): Port {
    const tag = options.tag === undefined ? `net-vpp.port:${options.id}` : options.tag;
    return this.simulator.addPort({
      name: `port-${options.id}`,
      ...(tag === null ? {} : { tag }),
      ...(options.socket === undefined ? {} : { vhostSocket: options.socket }),
      ...(bridgeDomain === null ? {} : { bridgeDomain }),
    });
  }

  private makeOutside({ id, addresses, neighbours, mtu }: OutsideOptions): Port {
    const port = this.simulator.addUplink({ name: `outside-${id}` });
    const { engine } = this.simulator;
    const made = engine.interfaces.get(port.swIfIndex);
    made.mtu = mtu;
    for (const each of addresses) this.address(port, each);
    for (const { address, mac } of neighbours) engine.ip.neighbors.learn(made, ipBytes(address), mac);
    return port;
  }

  private makeHost(options: HostOptions): void {
    const { address, host, behind, onDatagram } = options;
    const neighbours = [{ address: host, mac: hostMac }];
    const port = this.makeOutside({ id: `host-${host}`, addresses: [address], neighbours, mtu: uplinkMtu });
    this.#hosts.set(options, port);
    port.onFrame((frame) => {
      const datagram = udpDatagram(frame);
      if (datagram && behind.includes(ipText(datagram.dst))) onDatagram(datagram.payload, ipText(datagram.src));
    });
  }

  private address(port: Port, address: string): void {
    const { engine } = this.simulator;
    const [ip = '', length = '32'] = address.split('/');
    const of = engine.interfaces.get(port.swIfIndex);
    engine.ip.addresses.add({ interface: of, address: ipBytes(ip), length: Number(length) });
  }

  private makeUplink({ physnet, tunnelAddress, wire }: SimUplink): void {
    const uplink = this.simulator.addUplink({ name: `uplink-${physnet}`, tag: `net-vpp.physnet:${physnet}` });
    this.simulator.engine.interfaces.get(uplink.swIfIndex).mtu = uplinkMtu;
    this.address(uplink, tunnelAddress);
    wire.attach(this.simulator.name, uplink);
  }
}

/** As a real switch's uplinks have it. */
const uplinkMtu = 9216;
const hostMac = '02:fe:00:00:ff:01';
/** VPP's L2_VTR_POP_1. */
const popOne = 3;

function udpDatagram(frame: Frame) {
  const ip = parseFrame(frame)?.ip;
  if (ip === undefined || ip.protocol !== IP_PROTOCOL.udp || ip.transportOffset === 0) return null;
  const { src, dst, transportOffset: at } = ip;
  const length = new DataView(frame.buffer, frame.byteOffset).getUint16(at + 4);
  return { src, dst, payload: frame.slice(at + 8, at + length) };
}

function labPort(port: SimPort): LabPort {
  return { id: port.options.id, bridgeDomain: port.bridgeDomain ?? 0, swIfIndex: port.device.swIfIndex };
}
