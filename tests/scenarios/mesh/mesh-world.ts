import type { Capture, Cloud, LabPort } from '@taas/lab';
import { keys } from '@taas/model';
import { stillToDo } from '../at-rest.js';
import { distinctFrame, serialOf } from '../distinct-frames.js';
import { startFastCloud } from '../fast-cloud.js';
import { simulatorOf } from '../simulator-of.js';
import type { Mesh, MeshEvent } from './mesh-events.js';
import { MeshModel, networkOf, networks, projectOf, type Station } from './mesh-model.js';

/** A mesh on simulators, and beside it the model of what should be true of it. */
export class MeshWorld {
  readonly model: MeshModel;
  readonly #ports = new Map<number, LabPort>();
  readonly #peers = new Map<Station, LabPort>();
  #serial = 0;
  /** Within a batch: taps deleted in it may still hold their ports' roles. */
  #deleted = false;

  private constructor(
    readonly cloud: Cloud,
    nodes: number,
  ) {
    this.model = new MeshModel(nodes);
  }

  static async start(mesh: Mesh): Promise<MeshWorld> {
    const names = Array.from({ length: mesh.nodes }, (_, n) => `node-${n}`);
    const world = new MeshWorld(await startFastCloud({ nodes: names, transport: mesh.transport }), mesh.nodes);
    for (const [n, name] of names.entries())
      for (const network of networks) {
        const options = { id: `peer-${network}`, bridgeDomain: 100 + network, tag: null };
        world.#peers.set(`peer:${n}:${network}`, await world.cloud.node(name).switch.addPort(options));
      }
    for (const [port, node] of mesh.places.entries())
      await world.happen({ do: 'place', port, node: node % mesh.nodes, late: false });
    return world;
  }

  newBatch(): void {
    this.#deleted = false;
  }

  async happen(event: MeshEvent): Promise<void> {
    const { cloud, model } = this;
    switch (event.do) {
      case 'create-service':
        return this.#createService(event.port);
      case 'create-flow':
        return this.#createFlow(event);
      case 'delete-service': {
        const service = nthOf(model.services, event.nth);
        if (service) await this.#delete('tap_services', service.id, service.project);
        if (service) model.removeService(service.id);
        return;
      }
      case 'delete-flow': {
        const flow = nthOf(model.flows, event.nth);
        if (flow) await this.#delete('tap_flows', flow.id, projectOf(flow.port));
        if (flow) model.flows.delete(flow.id);
        return;
      }
      case 'restart-agent':
        return cloud.node(this.#node(event.node)).agent.restart('stop');
      case 'restart-switch':
        return cloud.node(this.#node(event.node)).switch.restart();
      case 'drop-connection':
        return simulatorOf(cloud.node(this.#node(event.node)).switch).faults.dropConnection();
      case 'restart-server':
        return cloud.server().restart('stop');
      case 'store-away':
        cloud.embedded.stop();
        return cloud.embedded.start();
      case 'break-followers':
        return cloud.embedded.breakFollowers();
      default:
        return this.#moved(event);
    }
  }

  async #moved(event: Extract<MeshEvent, { readonly port: number }>): Promise<void> {
    const { port } = event;
    const at = this.model.ports[port];
    if (at === undefined) throw new RangeError(`there is no port ${port}`);
    switch (event.do) {
      case 'place': {
        await this.#unplug(port);
        await this.#unbind(port);
        at.bound = event.node % this.model.nodes;
        await this.cloud.bindings.bind(this.#node(at.bound), portId(port), projectOf(port));
        if (!event.late) await this.#plug(port);
        return;
      }
      case 'plug':
        return this.#plug(port);
      case 'unplug':
        return this.#unplug(port);
      case 'replug':
        await this.#unplug(port);
        return this.#plug(port);
      case 'unbind':
        // networking-vpp's agent takes the interface away as soon as the key is gone.
        await this.#unbind(port);
        return this.#unplug(port);
      case 'leave':
        return this.#bridge(port, false);
      case 'join':
        return this.#bridge(port, true);
      case 'leave-and-join':
        await this.#bridge(port, false);
        return this.#bridge(port, true);
    }
  }

  async #plug(port: number): Promise<void> {
    const at = this.model.ports[port];
    if (!at || at.on !== null || at.bound === null) return;
    const node = this.cloud.node(this.#node(at.bound)).switch;
    this.#ports.set(port, await node.addPort({ id: portId(port), bridgeDomain: 100 + networkOf(port) }));
    at.on = at.bound;
    at.bridged = true;
  }

  async #unplug(port: number): Promise<void> {
    const at = this.model.ports[port];
    const lab = this.#ports.get(port);
    if (!at || at.on === null || !lab) return;
    await this.cloud.node(this.#node(at.on)).switch.removePort(lab);
    this.#ports.delete(port);
    at.on = null;
  }

  async #unbind(port: number): Promise<void> {
    const at = this.model.ports[port];
    if (!at || at.bound === null) return;
    await this.cloud.bindings.unbind(this.#node(at.bound), portId(port));
    at.bound = null;
  }

  async #bridge(port: number, bridged: boolean): Promise<void> {
    const at = this.model.ports[port];
    const lab = this.#ports.get(port);
    if (!at || at.on === null || !lab || at.bridged === bridged) return;
    const domain = bridged ? 100 + networkOf(port) : null;
    this.#ports.set(port, await this.cloud.node(this.#node(at.on)).switch.bridgePort(lab, domain));
    at.bridged = bridged;
  }

  async #createService(port: number): Promise<void> {
    const project = projectOf(port);
    const body = { tap_service: { name: `s${port}`, port_id: portId(port) } };
    const isSource = [...this.model.flows.values()].some((flow) => flow.port === port);
    const made = await this.#create('tap_services', project, body, isSource);
    if (made) this.model.addService({ id: made, project, port });
  }

  async #createFlow(event: Extract<MeshEvent, { do: 'create-flow' }>): Promise<void> {
    const { port, direction } = event;
    const project = projectOf(port);
    const own = [...this.model.services.values()].filter((service) => service.project === project);
    const service = own[event.nth % Math.max(1, own.length)];
    if (!service) return;
    const body = { tap_flow: { tap_service_id: service.id, source_port: portId(port), direction } };
    const isCollector = [...this.model.services.values()].some((each) => each.port === port);
    const made = await this.#create('tap_flows', project, body, isCollector);
    if (made) this.model.addFlow({ id: made, service: service.id, port, direction });
  }

  /** @param conflict whether the port has the other role already */
  async #create(kind: string, project: string, body: object, conflict: boolean): Promise<string | undefined> {
    const answer = await this.cloud.ask('POST', kind, { project, body });
    const expected = conflict ? [409] : this.#deleted ? [201, 409] : [201];
    if (!expected.includes(answer.status))
      throw new Error(`POST ${kind} ${JSON.stringify(body)}: ${answer.status} ${answer.text}, not ${expected}`);
    if (answer.status !== 201) return undefined;
    return Object.values(JSON.parse(answer.text) as Record<string, { id: string }>)[0]?.id;
  }

  async #delete(kind: string, id: string, project: string): Promise<void> {
    this.#deleted = true;
    const { status, text } = await this.cloud.ask('DELETE', `${kind}/${id}`, { project });
    // A flow may be gone already with its service, and a service that no node knew goes at once.
    if (status !== 204) throw new Error(`DELETE ${kind} ${id}: ${status} ${text}`);
  }

  #node(n: number): string {
    return `node-${n % this.model.nodes}`;
  }

  /** What is not as the model says it should be in the end, or null. @throws Error when a project's frames are betrayed */
  async unrest(lenient = false): Promise<string | null> {
    return (
      (await this.#wrongStatus()) ?? (await this.#tombstones()) ?? (await this.wrongTraffic(lenient)) ?? this.#plans()
    );
  }

  async #wrongStatus(): Promise<string | null> {
    for (const project of ['project-a', 'project-b'])
      for (const kind of ['tap_services', 'tap_flows'] as const) {
        const { status, text } = await this.cloud.ask('GET', kind, { project });
        if (status !== 200) return `GET ${kind}: ${status} ${text}`;
        const listed = (JSON.parse(text) as Record<string, TapView[]>)[kind] ?? [];
        const wanted = new Map<string, string>();
        if (kind === 'tap_services') {
          for (const service of this.model.services.values())
            if (service.project === project)
              wanted.set(service.id, this.model.isActiveService(service) ? 'ACTIVE' : 'PENDING_CREATE');
        } else
          for (const flow of this.model.flows.values())
            if (projectOf(flow.port) === project)
              wanted.set(flow.id, this.model.isActiveFlow(flow) ? 'ACTIVE' : 'PENDING_CREATE');
        for (const tap of listed)
          if (wanted.get(tap.id) !== tap.status)
            return `${kind} ${tap.id} is ${tap.status} (${tap.status_reason}), not ${wanted.get(tap.id) ?? 'gone'}`;
        if (listed.length !== wanted.size) return `${listed.length} ${kind} of ${project}, not ${wanted.size}`;
      }
    return null;
  }

  /** A node that has not been told, has not confirmed a removal, or has not looked at the newest record. */
  async #tombstones(): Promise<string | null> {
    const { entries } = await this.cloud.store.list('/networking-vpp/nodes/');
    const published = new Set(entries.map(({ key }) => key));
    // Also of what waits for a port: the nodes of ports that are bound prepare their part.
    for (const key of this.#toPublish()) if (!published.has(key)) return `${key} is not there yet`;
    for (const { key, value, modRevision } of entries.filter((entry) => entry.key.includes('/taas/'))) {
      if ((JSON.parse(value) as { removed?: boolean }).removed) return `${key} is a tombstone`;
      const state = await this.cloud.store.get(key.replace('/nodes/', '/state/'));
      if (state === undefined || JSON.parse(state.value).revision !== modRevision) return `no state of ${key} yet`;
    }
    return null;
  }

  #toPublish(): string[] {
    const { services, flows, ports } = this.model;
    const boundOn = (port: number | undefined) => (port === undefined ? null : (ports[port]?.bound ?? null));
    const published: string[] = [];
    for (const { id, port } of services.values()) {
      const node = boundOn(port);
      if (node !== null) published.push(keys.nodeResource(this.#node(node), 'tap_services', id));
    }
    for (const { id, port, service } of flows.values()) {
      const node = boundOn(port);
      if (node !== null && boundOn(services.get(service)?.port) !== null)
        published.push(keys.nodeResource(this.#node(node), 'tap_flows', id));
    }
    return published;
  }

  async #plans(): Promise<string | null> {
    for (const { name } of this.cloud.nodes) {
      const lines = await stillToDo(this.cloud, name);
      if (lines.length > 0) return `${name} has still to do: ${lines.join('\n')}`;
    }
    return null;
  }

  /** Sends a frame of its own from every station, and compares what every station is given. */
  async wrongTraffic(lenient = false): Promise<string | null> {
    const stations = this.model.stations();
    const captures = new Map<Station, Capture>();
    for (const station of stations) captures.set(station, await this.#at(station).node.capture(this.#at(station).port));
    const sentBy = new Map<number, Station>();
    for (const station of stations) {
      this.#serial += 1;
      sentBy.set(this.#serial, station);
      const { node, port } = this.#at(station);
      await node.send(port, [distinctFrame(this.#serial)]);
    }
    let wrong: string | null = null;
    for (const [to, capture] of captures) {
      const got = new Map<Station | undefined, number>();
      for (const frame of await capture.stop()) {
        const from = sentBy.get(serialOf(frame));
        got.set(from, (got.get(from) ?? 0) + 1);
      }
      for (const from of new Set([...stations, ...got.keys()])) {
        const expected = from === undefined ? 0 : (this.model.deliveries(from).get(to) ?? 0);
        const count = got.get(from) ?? 0;
        if (!lenient && count > 0 && from !== undefined && this.model.isBetrayal(from, to))
          throw new Betrayal(`${to} was given a frame of ${from}, and nobody has ever asked for that`);
        if (count !== expected) wrong ??= `${to} was given ${count} of the frame of ${from}, not ${expected}`;
      }
    }
    return wrong;
  }

  #at(station: Station) {
    const [kind, number] = station.split(':');
    const port = kind === 'peer' ? this.#peers.get(station) : this.#ports.get(Number(number));
    const node = kind === 'peer' ? Number(number) : this.model.ports[Number(number)]?.on;
    if (port === undefined || node === undefined || node === null) throw new Error(`${station} is nowhere`);
    return { port, node: this.cloud.node(this.#node(node)).switch };
  }

  /**
   * Resolves when all is as it should be.
   * @param lenient for switches that were tampered with: what they betray before their agent has looked is not its doing
   */
  async settled(lenient = false): Promise<void> {
    let last: string | null = null;
    await this.cloud.until(
      'the mesh is at rest, and as it should be',
      async () => {
        last = await this.unrest(lenient);
        return last === null;
      },
      8_000,
      () => last,
    );
  }

  writes(): readonly (number | undefined)[] {
    return this.cloud.writes();
  }

  async deleteEverything(): Promise<void> {
    for (const service of [...this.model.services.values()]) {
      await this.#delete('tap_services', service.id, service.project);
      this.model.removeService(service.id);
    }
  }
}

/** A port was shown what is not its business: never right, not for a moment either. */
export class Betrayal extends Error {
  override readonly name = 'Betrayal';
}

interface TapView {
  readonly id: string;
  readonly status: string;
  readonly status_reason: string;
}

export function portId(port: number): string {
  return `aaaaaaaa-0000-4000-8000-${port.toString().padStart(12, '0')}`;
}

function nthOf<T>(of: ReadonlyMap<string, T>, nth: number): T | undefined {
  const all = [...of.values()];
  return all[nth % Math.max(1, all.length)];
}
