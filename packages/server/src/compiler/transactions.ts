import { type Compare, maxTxnOperations, type Operation, type Transaction } from '@taas/store';
import type { Step } from './step.js';

/** Values of one transaction, in UTF-16 units: well below etcd's 1.5 MiB a request even if every unit takes three bytes. */
const maxValueLength = 400_000;

/**
 * Writes of one transaction. etcd takes four times as many, but whoever reads a transaction takes it in at once: the server its
 * view, its audit trail and what depends on both, and each of that keeps its event loop (docs/decisions/0030-work-in-slices.md).
 */
export const packedWrites = 32;

/**
 * Packs steps into transactions that are small enough, in order, each under the leader's fence, so that a
 * compiler that has lost its leadership without knowing writes nothing. One at a time is packed, and its steps asked for: while
 * it is written, nobody waits for the rest to be packed.
 */
export function* packSteps(steps: Iterable<Step>, fence: readonly Compare[]): Generator<Transaction, void, void> {
  let compare = new Map<string, Compare>();
  let operations: Operation[] = [];
  let length = 0;
  const packed = (): Transaction => ({ compare: [...fence, ...compare.values()], operations });
  for (const step of steps) {
    const added = step.compare.filter(({ key }) => !compare.has(key)).length;
    const size = step.operations.reduce((sum, item) => sum + (item.kind === 'put' ? item.value.length : 0), 0);
    const full =
      fence.length + compare.size + added > maxTxnOperations ||
      operations.length + step.operations.length > packedWrites ||
      length + size > maxValueLength;
    if (full && operations.length > 0) yield packed();
    if (full) {
      compare = new Map();
      operations = [];
      length = 0;
    }
    for (const item of step.compare) compare.set(item.key, item);
    operations.push(...step.operations);
    length += size;
  }
  if (operations.length > 0) yield packed();
}
