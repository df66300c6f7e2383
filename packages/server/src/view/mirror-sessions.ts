import { type MirrorType, mirrorTransports, type NodeTapMirror } from '@taas/model';

interface Held {
  readonly tunnel: string;
  readonly project: string;
  readonly count: number;
}

/**
 * How many sessions nodes were told to use towards each address, by type and project, of types that have few of them;
 * tombstones count until they are gone.
 */
export class MirrorSessions {
  readonly #byKey = new Map<string, Held>();
  readonly #byTunnel = new Map<string, Map<string, number>>();

  /** @param record null if what the node was told is not known, or nothing */
  set(key: string, node: string, record: NodeTapMirror | null): void {
    const old = this.#byKey.get(key);
    if (old) this.#add(old, -old.count);
    this.#byKey.delete(key);
    if (record === null || mirrorTransports[record.mirror_type].sessions === null) return;
    const { project_id: project, directions, mirror_type: type, remote } = record;
    const held = { tunnel: tunnelOf(type, node, remote), project, count: Object.keys(directions).length };
    this.#byKey.set(key, held);
    this.#add(held, held.count);
  }

  /** @returns sessions from a node to an address, of all projects and of one */
  held(
    type: MirrorType,
    node: string,
    remote: string,
    project: string,
  ): { readonly byAll: number; readonly byProject: number } {
    const projects = this.#byTunnel.get(tunnelOf(type, node, remote));
    const byAll = [...(projects?.values() ?? [])].reduce((sum, count) => sum + count, 0);
    return { byAll, byProject: projects?.get(project) ?? 0 };
  }

  #add({ tunnel, project }: Held, count: number): void {
    const projects = this.#byTunnel.get(tunnel) ?? new Map<string, number>();
    const next = (projects.get(project) ?? 0) + count;
    if (next > 0) projects.set(project, next);
    else projects.delete(project);
    if (projects.size > 0) this.#byTunnel.set(tunnel, projects);
    else this.#byTunnel.delete(tunnel);
  }
}

/** An IPv6 address may be written in several ways. */
const tunnelOf = (type: MirrorType, node: string, remote: string): string => `${type} ${node} ${remote.toLowerCase()}`;
