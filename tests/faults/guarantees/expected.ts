import { MeshModel, projectOf } from '../../scenarios/mesh/mesh-model.js';
import { list, type ShownTap } from '../world/api.js';
import type { Asked } from '../world/ledger.js';
import type { World } from '../world/world.js';

const kinds = ['tap_services', 'tap_flows', 'tap_mirrors'] as const;
const projects = ['project-a', 'project-b'] as const;

/** What the API says there is, and what should follow from it. */
export interface Expected {
  /** The ports as they are, and the taps that the API lists. */
  readonly model: MeshModel;
  readonly taps: readonly {
    readonly asked: Asked | undefined;
    readonly shown: ShownTap;
    readonly kind: (typeof kinds)[number];
  }[];
}

/**
 * Reads the lists by one server. Taps whose creation or deletion was never answered are there or not: either is right,
 * and all that follows from it has to be right too.
 */
export async function expectedBy(world: World, server: number): Promise<Expected> {
  const { cloud, ledger, model } = world;
  const now = new MeshModel(world.nodes, model.ports.length);
  for (const [n, port] of model.ports.entries()) Object.assign(now.ports[n] ?? {}, port);
  const taps: { asked: Asked | undefined; shown: ShownTap; kind: (typeof kinds)[number] }[] = [];
  for (const kind of kinds)
    for (const project of projects)
      for (const shown of await list(cloud, server, kind, project)) {
        const asked = ledger.named(shown.name);
        taps.push({ asked, shown, kind });
        if (asked === undefined) continue;
        asked.id ??= shown.id;
        const { id, port, direction } = { ...asked, id: shown.id };
        if (kind === 'tap_services') now.addService({ id, project: projectOf(port), port });
        else if (kind === 'tap_mirrors') now.mirrors.set(id, { id, port, tunnels: asked.tunnels });
        else now.addFlow({ id, service: asked.service?.id ?? '', port, direction });
      }
  return { model: now, taps };
}
