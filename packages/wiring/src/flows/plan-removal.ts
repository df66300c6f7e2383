import { deleteAcl } from '../objects/acl.js';
import { removePolicer } from '../plan/plan-policer.js';
import { removeInterface } from '../removal.js';
import type { ActualView } from '../snapshot.js';
import type { Step } from '../steps.js';
import { ownTag } from '../tags.js';

/** Everything of a flow: loopbacks with its tag, its ACLs, which must be unbound before, and its policer. */
export function removeFlow(flow: string, actual: ActualView): Step[] {
  const tag = ownTag('flow', flow);
  const loopbacks = actual.interfaces.by('tag', tag);
  return [
    ...loopbacks.flatMap((entry) => removeInterface(entry, actual, 'loopback')),
    ...actual.acls.by('tag', tag).map(deleteAcl),
    ...removePolicer(tag, actual, new Set(loopbacks.map(({ index }) => index))),
  ];
}
