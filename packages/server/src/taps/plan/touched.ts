import { parseKey, tapFlowCodec } from '@taas/model';
import type { Operation } from '@taas/store';
import type { ClusterView } from '../../view/cluster-view.js';
import type { Dirty } from '../../view/dirty.js';

/** What is compiled anew. */
export interface Touched {
  readonly services: ReadonlySet<string>;
  readonly mirrors: ReadonlySet<string>;
}

/** The tap services and mirrors that writes are about: a flow is compiled with its service. */
export function touchedBy(view: Pick<ClusterView, 'flows'>, operations: readonly Operation[]): Touched {
  const services = new Set<string>();
  const mirrors = new Set<string>();
  for (const operation of operations) {
    const parsed = parseKey(operation.key);
    if (parsed.is !== 'resource') continue;
    if (parsed.kind === 'tap_services') services.add(parsed.id);
    else if (parsed.kind === 'tap_mirrors') mirrors.add(parsed.id);
    else {
      const service =
        operation.kind === 'put'
          ? tapFlowCodec.parse(operation.key, operation.value).tap_service_id
          : view.flows.get(parsed.id)?.record?.tap_service_id;
      if (service !== undefined) services.add(service);
    }
  }
  return { services, mirrors };
}

/** Whether an event was about any of it. */
export function moves({ services, mirrors }: Touched, dirty: Pick<Dirty, 'whole' | 'services' | 'mirrors'>): boolean {
  if (dirty.whole) return true;
  return [...services].some((id) => dirty.services.has(id)) || [...mirrors].some((id) => dirty.mirrors.has(id));
}
