import type { ActualInterface } from './objects/interface.js';
import type { AnyStep, VppObject } from './objects/object.js';
import { type ObjectName, objects, type Step } from './objects/registry.js';
import type { ActualView } from './snapshot.js';

/**
 * Takes an interface of ours away, and all that is on it or mirrored to it before: VPP does not notice that a destination is
 * deleted, and the next interface, whoever owns it, would get its index, the copies and the filters.
 * @param of the kind of interface that it is known to be
 */
export function removeInterface(entry: ActualInterface, actual: ActualView, of?: ObjectName): Step[] {
  // Safe: what an object makes of what VPP has are steps of ours.
  const all = Object.entries(objects) as unknown as [ObjectName, VppObject<Step & AnyStep, ActualView>][];
  const withdrawn = all.flatMap(([, { withdraw }]) => withdraw(entry.index, actual));
  for (const [name, { deletion }] of all) {
    const step = of === undefined || of === name ? deletion?.of(entry, actual) : null;
    if (step) return [...withdrawn, step];
  }
  return [...withdrawn];
}
