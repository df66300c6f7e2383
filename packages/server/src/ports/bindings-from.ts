import type { V2Follower } from '@taas/store';

/** Who knows where ports are bound; `networking_vpp.bindings` of the configuration. */
export type BindingsFrom =
  | { readonly from: 'etcd-v2'; readonly follower: V2Follower }
  | { readonly from: 'etcd-v3' }
  | { readonly from: 'neutron' };

/** @param follower of networking-vpp's keys, for etcd-v2 */
export function bindingsFrom(from: BindingsFrom['from'], follower: V2Follower | undefined): BindingsFrom {
  if (from !== 'etcd-v2') return { from };
  if (!follower) throw new TypeError('networking_vpp.bindings is etcd-v2, and there is no follower of that store');
  return { from, follower };
}
