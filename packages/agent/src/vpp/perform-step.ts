import type { AnyStep, Ref, Step, VppSnapshot } from '@taas/wiring';
import { twins } from './objects/registry.js';
import type { SendContext } from './objects/twin.js';
import type { Vpp } from './vpp-messages.js';

/** Indices that VPP gave to what the steps of a plan made, by the steps' names. */
export type MadeIndices = Map<string, number>;

/**
 * Sends the request of one step. Resolves when VPP has carried it out.
 * @throws VppRetvalError when VPP refuses, PortMovedError when a check fails, other VppErrors when the outcome is unknown
 */
export function performStep(vpp: Vpp, snapshot: VppSnapshot, made: MadeIndices): (step: Step) => Promise<void> {
  const context: SendContext = { vpp, snapshot, at: (ref) => resolveRef(made, ref) };
  // Safe: each kind of step has its own line, and one that makes something resolves with the index.
  const send: Readonly<Record<string, (step: AnyStep, context: SendContext) => Promise<unknown>>> = Object.assign(
    {},
    ...Object.values(twins).map((twin) => twin.send),
  );
  return async (step) => {
    const outcome = await send[step.kind]?.(step, context);
    if ('as' in step) made.set(step.as, outcome as number);
  };
}

/** @throws Error for a name that no step has made: a plan in the wrong order, which is a bug of ours */
export function resolveRef(made: MadeIndices, ref: Ref): number {
  if ('index' in ref) return ref.index;
  const index = made.get(ref.ref);
  if (index === undefined) throw new Error(`nothing was made as ${ref.ref}`);
  return index;
}
