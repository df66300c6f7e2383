import { InterfaceTable } from './objects/interface.js';
import type { AnyStep, InterfaceChange, VppObject } from './objects/object.js';
import { type AllTables, objects } from './objects/registry.js';
import type { ViewOf } from './objects/table.js';

/**
 * What was last read from VPP, indexed for planning. It is written object by object, always with what VPP has said, and
 * invents nothing: forgetting an interface here leaves its SPAN entries, as VPP does.
 */
export type VppSnapshot = AllTables;

/** The same, for planning: nothing of it can be written. */
export type ActualView = ViewOf<AllTables>;

export function createSnapshot(): VppSnapshot {
  // Safe: each object is only ever handed the tables that it has made itself.
  const all = Object.values(objects) as unknown as VppObject<AnyStep, object>[];
  const changed = (change: InterfaceChange): void => {
    for (const { follow } of all) follow(snapshot, change);
  };
  const interfaces = new InterfaceTable((index, old, now) => changed({ index, old, now }));
  const snapshot = Object.assign({}, ...all.map(({ tables }) => tables(interfaces))) as VppSnapshot;
  return snapshot;
}

/**
 * Counts what changes of a snapshot from now on.
 * @returns another number whenever any row of any table is another since
 */
export function countChanges(snapshot: VppSnapshot): () => number {
  let changes = 0;
  const tables: readonly { readonly listen: (listener: () => void) => void }[] = Object.values(snapshot);
  for (const table of tables) {
    table.listen(() => {
      changes += 1;
    });
  }
  return () => changes;
}
