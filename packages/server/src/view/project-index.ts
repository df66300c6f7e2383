import { type Aged, ByAge } from './by-age.js';
import type { Entry } from './entry.js';

interface Owned {
  readonly id: string;
  readonly project_id: string;
  readonly created_at: number;
}

/** The records of one kind, of each project and of all, oldest first: a project's list costs what the project has. */
export class ProjectIndex {
  readonly #all = new ByAge();
  readonly #byProject = new Map<string, ByAge>();

  add(entry: Entry<Owned>): void {
    if (entry.record === null) return;
    const { project_id: project } = entry.record;
    const own = this.#byProject.get(project) ?? new ByAge();
    this.#byProject.set(project, own);
    const item = agedOf(entry, entry.record);
    own.add(item);
    this.#all.add(item);
  }

  /** @param entry as it was added */
  remove(entry: Entry<Owned>): void {
    if (entry.record === null) return;
    const { project_id: project } = entry.record;
    const item = agedOf(entry, entry.record);
    this.#all.delete(item);
    const own = this.#byProject.get(project);
    own?.delete(item);
    if (own?.size === 0) this.#byProject.delete(project);
  }

  /** How many a project has. */
  count(project: string): number {
    return this.#byProject.get(project)?.size ?? 0;
  }

  /** A project's records as they are now, or everybody's (null). */
  inOrder(project: string | null): readonly Aged[] {
    return (project === null ? this.#all : this.#byProject.get(project))?.all() ?? [];
  }
}

/** What the index knows a record by. */
export function agedOf({ createRevision }: Entry<Owned>, { id, created_at: madeAt }: Owned): Aged {
  return { madeAt, createRevision, id };
}
