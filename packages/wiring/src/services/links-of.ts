import type { Link } from '@taas/model';
import type { Wanted } from '../wanted/wanted.js';

/** The links by which copies of a service leave this node or come in, as its records on this node name them. */
export function* linksOf(service: string, wanted: Wanted): Iterable<Link> {
  const own = wanted.service(service)?.record;
  if (own && !own.removed) {
    yield* own.inputs;
    if (own.receipts) yield own.receipts;
    return;
  }
  // All flows of a service leave by one link, but for moments.
  for (const id of wanted.flowsOf(service)) {
    const flow = wanted.flow(id)?.record;
    if (flow && !flow.removed && flow.target.type !== 'local') yield flow.target;
  }
}
