import type { ResourceKind } from '@taas/model';
import type { ClusterView } from './cluster-view.js';
import { ownText } from './record-value.js';

/** A tap's id as its API record has it: each key and each record brings a text of its own, and that of a key keeps the whole key. */
export function knownId(
  view: Pick<ClusterView, 'services' | 'flows' | 'mirrors'>,
  kind: ResourceKind,
  id: string,
): string {
  return recordOf(view, kind, id)?.id ?? ownText(id);
}

function recordOf(
  { services, flows, mirrors }: Pick<ClusterView, 'services' | 'flows' | 'mirrors'>,
  kind: ResourceKind,
  id: string,
) {
  switch (kind) {
    case 'tap_flows':
      return flows.get(id)?.record;
    case 'tap_services':
      return services.get(id)?.record;
    case 'tap_mirrors':
      return mirrors.byId.get(id)?.record;
  }
}
