/**
 * Where a frame can enter or leave: a VM's port, somebody else in its network on a node, the network outside of a node, or a tunnel to there by
 * its id.
 */
export type Station = `port:${number}` | `peer:${number}:${number}` | `outside:${number}` | `tunnel:${number}`;

export type Direction = 'IN' | 'OUT' | 'BOTH';

interface PortModel {
  /** The node that etcd says the port is bound on. */
  bound: number | null;
  /** The node whose switch has the port. */
  on: number | null;
  /** Whether it is in its network there. */
  bridged: boolean;
}

export interface ServiceModel {
  readonly id: string;
  readonly project: string;
  readonly port: number;
}

export interface FlowModel {
  readonly id: string;
  /** Id of its tap service. */
  readonly service: string;
  readonly port: number;
  readonly direction: Direction;
}

/** The ids of a tap mirror's tunnels, by what they are for. */
export type Tunnels = Readonly<Partial<Record<Direction, number>>>;

export interface MirrorModel {
  readonly id: string;
  readonly port: number;
  readonly tunnels: Tunnels;
}

export const portCount = 6;
const networkCount = 2;

/** Ports of both projects share networks, so that one project's frames pass by the other's ports. */
export const networkOf = (port: number): number => port % networkCount;
export const projectOf = (port: number): string => (port < 4 ? 'project-a' : 'project-b');
export const networks: readonly number[] = Array.from({ length: networkCount }, (_, network) => network);

/** What should be true of a mesh, worked out without any of the code that is tested. */
export class MeshModel {
  readonly ports: readonly PortModel[];
  readonly services = new Map<string, ServiceModel>();
  readonly flows = new Map<string, FlowModel>();
  readonly mirrors = new Map<string, MirrorModel>();
  /** Pairs of a tapped port and a collector's port that were asked for at any time: copies may have been in progress. */
  readonly #everAsked = new Set<string>();

  constructor(
    readonly nodes: number,
    ports: number = portCount,
  ) {
    this.ports = Array.from({ length: ports }, () => ({ bound: null, on: null, bridged: true }));
  }

  addService(service: ServiceModel): void {
    this.services.set(service.id, service);
  }

  addFlow(flow: FlowModel): void {
    this.flows.set(flow.id, flow);
    this.#everAsked.add(`${flow.port} ${this.services.get(flow.service)?.port}`);
  }

  /** A service goes with its flows. */
  removeService(id: string): void {
    this.services.delete(id);
    for (const flow of this.flows.values()) if (flow.service === id) this.flows.delete(flow.id);
  }

  isActiveService(service: ServiceModel): boolean {
    return this.isThere(service.port);
  }

  isActiveFlow(flow: FlowModel): boolean {
    const service = this.services.get(flow.service);
    return (
      service !== undefined &&
      this.isActiveService(service) &&
      this.isThere(flow.port) &&
      this.ports[flow.port]?.bridged === true
    );
  }

  isActiveMirror({ port }: MirrorModel): boolean {
    return this.isThere(port) && this.ports[port]?.bridged === true;
  }

  activeFlows(): FlowModel[] {
    return [...this.flows.values()].filter((flow) => this.isActiveFlow(flow));
  }

  /** Whether the flow's copies go from one node to another. */
  crosses(flow: FlowModel): boolean {
    const collector = this.services.get(flow.service)?.port;
    return collector !== undefined && this.ports[collector]?.on !== this.ports[flow.port]?.on;
  }

  private isThere(port: number): boolean {
    const at = this.ports[port];
    return at !== undefined && at.on !== null && at.on === at.bound;
  }

  /** Everybody who can send or receive now. */
  stations(): Station[] {
    const peers = Array.from({ length: this.nodes }, (_, node) =>
      networks.map((network): Station => `peer:${node}:${network}`),
    ).flat();
    return [...peers, ...this.ports.flatMap(({ on }, port): Station[] => (on === null ? [] : [`port:${port}`]))];
  }

  /** Who is given a broadcast frame of the station by its own network. */
  neighbours(from: Station): Station[] {
    const [kind, a, b] = from.split(':');
    let node = Number(a);
    let network = Number(b);
    if (kind === 'port') {
      const at = this.ports[Number(a)];
      if (at === undefined || at.on === null || !at.bridged) return [];
      node = at.on;
      network = networkOf(Number(a));
    }
    const members = this.ports.flatMap(({ on, bridged }, port): Station[] =>
      on === node && bridged && networkOf(port) === network ? [`port:${port}`] : [],
    );
    const all: Station[] = [`peer:${node}:${network}`, ...members];
    return all.filter((station) => station !== from);
  }

  /** How often each station is given a broadcast frame of the station: by its network, as copies, and as copies outside. */
  deliveries(from: Station): Map<Station, number> {
    const given = new Map<Station, number>();
    const give = (to: Station) => given.set(to, (given.get(to) ?? 0) + 1);
    const members = this.neighbours(from);
    for (const member of members) give(member);
    // By service, source and side: however many flows ask for a packet, it arrives once at each service.
    const copies = new Map<string, Station>();
    for (const flow of this.flows.values()) {
      const service = this.services.get(flow.service);
      if (service === undefined || !this.isActiveFlow(flow)) continue;
      const source: Station = `port:${flow.port}`;
      const to: Station = `port:${service.port}`;
      if (from === source && flow.direction !== 'IN') copies.set(`${flow.service} ${source} OUT`, to);
      if (members.includes(source) && flow.direction !== 'OUT') copies.set(`${flow.service} ${source} IN`, to);
    }
    for (const to of copies.values()) give(to);
    for (const mirror of this.mirrors.values()) {
      if (!this.isActiveMirror(mirror)) continue;
      const source: Station = `port:${mirror.port}`;
      if (from === source) for (const to of tunnelsOf(mirror.tunnels, 'OUT')) give(to);
      if (members.includes(source)) for (const to of tunnelsOf(mirror.tunnels, 'IN')) give(to);
    }
    return given;
  }

  /** Whether nobody could ever have asked that this station be given frames of that one. */
  isBetrayal(from: Station, to: Station): boolean {
    const members = this.neighbours(from);
    if (members.includes(to)) return false;
    return ![from, ...members].some((tapped) => this.#everAsked.has(`${tapped.slice(5)} ${to.slice(5)}`));
  }
}

/** The tunnels by which copies leave of what a port sends (OUT), or is sent (IN). */
export function tunnelsOf(tunnels: Tunnels, side: Exclude<Direction, 'BOTH'>): Station[] {
  return [tunnels[side], tunnels.BOTH].flatMap((id): Station[] => (id === undefined ? [] : [`tunnel:${id}`]));
}
