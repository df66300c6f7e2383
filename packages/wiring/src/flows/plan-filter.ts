import { aclObject, clearEtherTypes, deleteAcl, inputAcls, unbindAcls } from '../objects/acl.js';
import { classifierObject, detachClassifier } from '../objects/classifier.js';
import { sameClassifier } from '../objects/frame-classifier.js';
import type { ActualInterface } from '../objects/interface.js';
import { featureBits } from '../objects/layer2-features.js';
import type { ActualView } from '../snapshot.js';
import type { Ref, Step } from '../steps.js';
import { ownTag } from '../tags.js';
import { type FlowFilter, sameRules } from './flow-filter.js';

/** A flow's loopback as the filter finds it. */
export interface FilterPlace {
  readonly flow: string;
  /** Undefined: it is made by the same plan. */
  readonly loopback: ActualInterface | undefined;
  readonly at: Ref;
  /** It is in its bridge domain and stays there: leaving layer 2 switches filters off, with no change to what VPP lists. */
  readonly stays: boolean;
}

/**
 * Puts a flow's filter in place on its loopback, or takes it away. The loopback must be in its bridge domain by then, since
 * VPP forgets filters on the way there.
 */
export function planFilter(place: FilterPlace, filter: FlowFilter, actual: ActualView): Step[] {
  return [...planAcl(place, filter, actual), ...planClassifier(place, filter, actual)];
}

/** Whether a filter changes at one stroke, so that no frame is judged by half of each. */
export function atOneStroke(steps: readonly Step[]): boolean {
  return steps.length === 1 && steps[0]?.kind === 'replace-acl';
}

function planAcl({ flow, loopback, at, stays }: FilterPlace, filter: FlowFilter, actual: ActualView): Step[] {
  const { rules, etherTypes } = filter;
  const tag = ownTag('flow', flow);
  const [acl, ...doubles] = actual.acls.by('tag', tag);
  const spare = doubles.map(deleteAcl);
  if (rules.length === 0) {
    const unbound = loopback ? [...unbindAcls(loopback.index, actual), ...clearEtherTypes(loopback.index, actual)] : [];
    return [...unbound, ...(acl ? [deleteAcl(acl)] : []), ...spare];
  }
  const steps: Step[] = [];
  const ref: Ref = acl ? { index: acl.index } : { ref: `acl:${tag}` };
  if (!acl) steps.push({ kind: 'create-acl', as: `acl:${tag}`, tag, rules });
  else if (!sameRules(acl.rules, rules))
    steps.push({ kind: 'replace-acl', index: acl.index, tag, rules, before: acl.rules });
  // A new loopback may have inherited a list with its index.
  const listed = loopback ? (actual.etherTypes.get(loopback.index) ?? []) : null;
  const wanted = [...etherTypes].sort((a, b) => a - b);
  if (listed === null || listed.join() !== wanted.join())
    steps.push({ kind: 'set-ether-types', at, types: wanted, before: listed ?? [] });
  const bound = loopback ? inputAcls(loopback.index, actual) : [];
  const before = bound.map((index) => ({ index }));
  const alive = stays && hasBit(loopback, featureBits.inputAcl, actual);
  if (acl && bound.length === 1 && bound[0] === acl.index && alive) return [...steps, ...spare];
  // VPP switches the feature on with the first ACL only.
  if (bound.length > 0 && !alive) steps.push({ kind: 'bind-acls', at, acls: [], before });
  return [...steps, { kind: 'bind-acls', at, acls: [ref], before: alive ? before : [] }, ...spare];
}

function planClassifier({ flow, loopback, at, stays }: FilterPlace, filter: FlowFilter, actual: ActualView): Step[] {
  const attached = loopback && actual.classifiers.get(loopback.index);
  const withdrawn = loopback ? detachClassifier(loopback.index, actual) : [];
  const { classifier } = filter;
  if (classifier === null) return withdrawn;
  const alive = stays && hasBit(loopback, featureBits.inputClassifier, actual);
  if (attached?.classifier && sameClassifier(attached.classifier, classifier)) {
    if (alive) return [];
    const table: Ref = { index: attached.table };
    return [
      { kind: 'detach-classifier', at, table },
      { kind: 'attach-classifier', at, table },
    ];
  }
  const as = `classifier:${flow}`;
  // The new one first: an index that VPP has given away and lists as attached can be detached once it exists again.
  return [
    { kind: 'create-classifier', as, classifier },
    ...withdrawn,
    { kind: 'attach-classifier', at, table: { ref: as } },
  ];
}

/** Takes all filters off an interface. */
export function withdrawFilters(index: number, actual: ActualView): Step[] {
  return [...aclObject.withdraw(index, actual), ...classifierObject.withdraw(index, actual)];
}

function hasBit(loopback: ActualInterface | undefined, bit: number, actual: ActualView): boolean {
  return loopback !== undefined && ((actual.features.get(loopback.index)?.input ?? 0) & bit) !== 0;
}
