import type { LabPort } from '@taas/lab';
import { keys, type MirrorType } from '@taas/model';
import {
  MeshModel,
  networkOf,
  networks,
  projectOf,
  type Station,
  type Tunnels,
} from '../../scenarios/mesh/mesh-model.js';
import type { FaultCloud } from '../cloud/fault-cloud.js';
import { remoteAddress } from '../cloud/outside.js';
import type { Random } from '../random.js';
import { ask } from './api.js';
import { type Asked, Ledger, type Outcome, type TapKind } from './ledger.js';
import { type Place, Traffic } from './traffic.js';

/** The VMs of a run. Nobody changes the first pairs while it lasts, so that their copies can be counted all the time. */
export const steadyTaps = [
  { source: 0, collector: 3 },
  { source: 4, collector: 5 },
] as const;
export const freeSources = [1, 6, 7] as const;
export const freeCollectors = [2, 8, 9] as const;
export const steadyMirrors = [0, 4] as const;
const ports = 10;

/** What users ask of a tap mirror. */
export const mirrorKinds = {
  sent: ['OUT'],
  received: ['IN'],
  apart: ['IN', 'OUT'],
  together: ['BOTH'],
} as const satisfies Readonly<Record<string, readonly (keyof Tunnels)[]>>;
export const someMirrors = ['sent', 'received', 'apart', 'together'] as const;

/** From which frame to which one a tap must have copied everything. */
export interface SteadyTime {
  readonly tap: Asked;
  from: number;
  until: number;
}

/** The mesh of one run: its ports, what was asked of the API, and all frames. */
export class World {
  readonly model: MeshModel;
  readonly traffic = new Traffic();
  readonly ledger = new Ledger();
  readonly steady: SteadyTime[] = [];
  readonly #ports = new Map<number, LabPort>();
  readonly #peers = new Map<Station, LabPort>();
  /** One change at a time on each node: a switch that restarts makes its ports again. */
  readonly #turns = new Map<number, Promise<unknown>>();
  readonly #log: string[] = [];
  readonly #start: number;
  #names = 0;
  #tunnels = 0;

  private constructor(
    readonly cloud: FaultCloud,
    readonly nodes: number,
    readonly seed: number,
  ) {
    this.model = new MeshModel(nodes, ports);
    this.#start = cloud.clock.monotonic();
  }

  static async start(cloud: FaultCloud, seed: number, random: Random): Promise<World> {
    const nodes = random.int(2, cloud.nodes.length);
    const world = new World(cloud, nodes, seed);
    for (let node = 0; node < nodes; node++)
      for (const network of networks) {
        const station: Station = `peer:${node}:${network}`;
        const options = { id: `peer-${network}`, bridgeDomain: 100 + network, tag: null };
        world.#peers.set(station, await cloud.node(node).switch.addPort(options));
        await world.traffic.listen(station, world.place(station));
      }
    for (let node = 0; node < nodes; node++)
      await world.traffic.listen(`outside:${node}`, world.place(`outside:${node}`));
    for (let port = 0; port < ports; port++) await world.placePort(port, random.int(0, nodes - 1));
    return world;
  }

  /** For people who want to know how it came to what it came to. */
  note(what: string): void {
    this.#log.push(`${((this.cloud.clock.monotonic() - this.#start) / 1000).toFixed(3)} ${what}`);
  }

  get log(): readonly string[] {
    return this.#log;
  }

  place(station: Station): Place {
    const [kind, number] = station.split(':');
    if (kind === 'outside') {
      const { n, outside, switch: on } = this.cloud.node(Number(number));
      return { node: n, port: outside, switch: on };
    }
    const port = kind === 'peer' ? this.#peers.get(station) : this.#ports.get(Number(number));
    const node = kind === 'peer' ? Number(number) : this.model.ports[Number(number)]?.on;
    if (port === undefined || node === undefined || node === null) throw new RangeError(`${station} is nowhere`);
    return { node, port, switch: this.cloud.node(node).switch };
  }

  /** Some frames of everybody who is there. */
  async talk(each: number): Promise<void> {
    const stations = this.model.stations().map((station) => ({
      ...{ station, place: this.place(station), neighbours: this.model.neighbours(station) },
    }));
    await this.traffic.batch(stations, each);
  }

  /** Neutron binds the port on a node, wherever it was, and networking-vpp makes it there. */
  async placePort(port: number, node: number): Promise<void> {
    const at = this.model.ports[port];
    if (at === undefined) throw new RangeError(`there is no port ${port}`);
    await this.unplug(port);
    const before = at.bound;
    if (before !== null) await this.cloud.delete(keys.boundPort(this.cloud.node(before).name, portId(port)));
    at.bound = node;
    const record = { physnet: 'physnet1', network_type: 'vlan', segmentation_id: 20, binding_type: 'vhostuser' };
    const value = JSON.stringify({ ...record, project_id: projectOf(port) });
    await this.cloud.put(keys.boundPort(this.cloud.node(node).name, portId(port)), value);
    await this.plug(port);
  }

  async plug(port: number): Promise<void> {
    const at = this.model.ports[port];
    const node = at?.bound;
    if (!at || at.on !== null || node === null || node === undefined) return;
    await this.#change(node, async () => {
      const options = { id: portId(port), bridgeDomain: 100 + networkOf(port) };
      this.#ports.set(port, await this.cloud.node(node).switch.addPort(options));
      at.on = node;
      at.bridged = true;
      await this.traffic.listen(`port:${port}`, this.place(`port:${port}`));
    });
  }

  async unplug(port: number): Promise<void> {
    const node = this.model.ports[port]?.on;
    if (node === null || node === undefined) return;
    await this.#change(node, async () => {
      const at = this.model.ports[port];
      const lab = this.#ports.get(port);
      if (!at || !lab) return;
      await this.traffic.unlisten(`port:${port}`);
      // Nobody may send by it from here on.
      at.on = null;
      this.#ports.delete(port);
      await this.cloud.node(node).switch.removePort(lab);
    });
  }

  /** The port leaves its network and comes back: VPP's table of mirrors stands, and nothing is copied any more. */
  async leaveAndJoin(port: number): Promise<void> {
    const node = this.model.ports[port]?.on;
    if (node === null || node === undefined) return;
    await this.#change(node, async () => {
      const lab = this.#ports.get(port);
      if (!lab) return;
      const { switch: on } = this.cloud.node(node);
      await on.bridgePort(lab, null);
      await on.bridgePort(lab, 100 + networkOf(port));
    });
  }

  /** kill -9 of a node's switch; networking-vpp makes its ports again. */
  async switchRestarts(node: number): Promise<void> {
    await this.#change(node, async () => {
      for (const time of this.steady)
        if (this.#concerns(time.tap, node)) time.until = Math.min(time.until, this.traffic.settled);
      const stations = this.traffic.listeners().filter((station) => this.place(station).node === node);
      for (const station of stations) await this.traffic.unlisten(station);
      await this.cloud.node(node).switch.restart();
      for (const station of stations) await this.traffic.listen(station, this.place(station));
    });
  }

  /** Asks for a tap service, and keeps account of it. */
  async createService(port: number, server: number): Promise<Asked> {
    const asked = this.#ask('tap_services', port, null, 'BOTH');
    await this.#create(asked, server, { tap_service: { name: asked.name, port_id: portId(port) } });
    return asked;
  }

  async createFlow(service: Asked, port: number, direction: Asked['direction'], server: number): Promise<Asked> {
    const asked = this.#ask('tap_flows', port, service, direction);
    const { name } = asked;
    const body = { tap_flow: { name, tap_service_id: service.id, source_port: portId(port), direction } };
    await this.#create(asked, server, body);
    return asked;
  }

  /** @param type ERSPAN's ids have ten bits: no run makes as many */
  async createMirror(
    port: number,
    type: MirrorType,
    directions: keyof typeof mirrorKinds,
    server: number,
  ): Promise<Asked> {
    const tunnels: { -readonly [D in keyof Tunnels]: number } = {};
    for (const direction of mirrorKinds[directions]) tunnels[direction] = ++this.#tunnels;
    const asked = this.#ask('tap_mirrors', port, null, 'BOTH', tunnels);
    const mirror = { name: asked.name, port_id: portId(port), mirror_type: type, remote_ip: remoteAddress };
    await this.#create(asked, server, { tap_mirror: { ...mirror, directions: tunnels } });
    return asked;
  }

  async remove(tap: Asked, server: number): Promise<Outcome> {
    const { outcome, status, text } = await ask(this.cloud, server, 'DELETE', `${tap.kind}/${tap.id}`, tap.project);
    this.note(`delete ${tap.name} by server ${server}: ${status} ${brief(text)}`);
    this.ledger.deletion(tap, outcome);
    return outcome;
  }

  async rename(tap: Asked, server: number): Promise<void> {
    const description = `described ${this.#names++}`;
    tap.perhaps.add(description);
    const singular = tap.kind.slice(0, -1);
    const body = { [singular]: { description } };
    const { outcome, status, text } = await ask(this.cloud, server, 'PUT', `${tap.kind}/${tap.id}`, tap.project, body);
    this.note(`update ${tap.name} by server ${server}: ${status} ${outcome === 'accepted' ? '' : brief(text)}`);
    if (outcome === 'refused') tap.perhaps.delete(description);
    if (outcome !== 'accepted') return;
    // An unanswered one from before may still come after it.
    tap.perhaps.delete(description);
    tap.description = description;
  }

  /** Takes the ports away that the run has made. */
  async clear(): Promise<void> {
    for (const port of this.model.ports.keys()) {
      await this.unplug(port);
      const at = this.model.ports[port];
      if (at && at.bound !== null)
        await this.cloud.delete(keys.boundPort(this.cloud.node(at.bound).name, portId(port)));
    }
    for (const [station, lab] of this.#peers) {
      await this.traffic.unlisten(station);
      const { switch: on } = this.place(station);
      await on.removePort(lab);
    }
    this.#peers.clear();
    for (let node = 0; node < this.nodes; node++) await this.traffic.unlisten(`outside:${node}`);
  }

  #ask(
    kind: TapKind,
    port: number,
    service: Asked | null,
    direction: Asked['direction'],
    tunnels: Tunnels = {},
  ): Asked {
    this.#names += 1;
    const name = `${letters[kind]}${this.seed}-${this.#names}`;
    return this.ledger.add({ kind, name, project: projectOf(port), port, service, direction, tunnels });
  }

  async #create(asked: Asked, server: number, body: object): Promise<void> {
    const { outcome, status, text } = await ask(this.cloud, server, 'POST', asked.kind, asked.project, body);
    asked.created = outcome;
    const id = outcome === 'accepted' ? Object.values(JSON.parse(text) as Record<string, { id: string }>)[0]?.id : null;
    asked.id = id ?? null;
    const of = asked.service ? ` to ${asked.service.name} ${asked.direction}` : tunnelText(asked.tunnels);
    const answer = `${status} ${id ?? brief(text)}`;
    this.note(`create ${asked.name} on port ${asked.port}${of} by server ${server}: ${answer}`);
  }

  #concerns(tap: Asked, node: number): boolean {
    const on = (port: number | undefined) => port !== undefined && this.model.ports[port]?.on === node;
    return on(tap.port) || on(tap.service?.port);
  }

  #change<T>(node: number, change: () => Promise<T>): Promise<T> {
    const turn = (this.#turns.get(node) ?? Promise.resolve()).then(() => this.traffic.during(node, change));
    this.#turns.set(
      node,
      turn.catch(() => undefined), // Whoever asked for it is told; the next one goes on.
    );
    return turn;
  }
}

const letters = { tap_services: 's', tap_flows: 'f', tap_mirrors: 'm' } as const;

function tunnelText(tunnels: Tunnels): string {
  const all = Object.entries(tunnels).map(([direction, id]) => `${direction} ${id}`);
  return all.length === 0 ? '' : ` by tunnels ${all.join(', ')}`;
}

export function portId(port: number): string {
  return `aaaaaaaa-0000-4000-8000-${port.toString().padStart(12, '0')}`;
}

function brief(text: string): string {
  return text.slice(0, 160);
}
