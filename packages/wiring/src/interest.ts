import type { ActualView } from './actual.js';
import { findPort } from './find-interface.js';
import { ownTag } from './tags.js';
import type { Wanted } from './wanted.js';

/**
 * Interfaces whose L2 features planning a service will ask for: the sources of its flows, and its ways in and out.
 * Read these before planning; an interface whose features were not read counts as not connected.
 */
export function interfacesOfInterest(service: string, wanted: Wanted, actual: ActualView): Set<number> {
  const indices = new Set<number>();
  for (const id of wanted.flowsOf(service)) {
    const flow = wanted.flow(id);
    if (!flow || flow.record.removed) continue;
    const source = findPort(flow.record.source_port, actual);
    if (source.value) indices.add(source.value.index);
  }
  for (const kind of ['collector', 'vlan', 'vxlan'] as const)
    for (const entry of actual.tagged(ownTag(kind, service))) indices.add(entry.index);
  return indices;
}
