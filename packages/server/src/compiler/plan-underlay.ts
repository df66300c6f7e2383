import { keys, underlayCodec } from '@taas/model';
import type { ClusterView } from '../view/cluster-view.js';
import { maxAddressesOfNode } from '../view/underlay.js';
import type { Step } from './step.js';

/**
 * Writes down a tunnel address that a node's agent reports, so that it is known as the cloud's own when the agent is silent, and
 * when it has another one. Addresses stay until an operator deletes the record. Of a node that has had too many the
 * latest are known only while its agent lives.
 */
export function planUnderlay(view: ClusterView, node: string): readonly Step[] {
  const address = view.underlay.toRecord(node);
  if (address === null) return [];
  const key = keys.underlay(node);
  const entry = view.underlay.record(node);
  const before = entry?.record?.addresses ?? [];
  if (before.length >= maxAddressesOfNode) return [];
  return [
    {
      compare: [entry ? { kind: 'mod-revision', key, revision: entry.revision } : { kind: 'absent', key }],
      operations: [{ kind: 'put', key, value: underlayCodec.format({ v: 1, addresses: [...before, address] }) }],
    },
  ];
}
