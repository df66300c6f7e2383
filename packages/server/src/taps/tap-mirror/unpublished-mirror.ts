import { keys, type TapMirrorRecord } from '@taas/model';
import type { Compare, Operation } from '@taas/store';
import { hasTotals } from '../../compiler/tap-end.js';
import type { RemovalDeps } from '../removal/at-once.js';

/**
 * Removes a tap mirror with its tunnel ids in one transaction, if no node has been told of it. The only node that a
 * leader could be telling right now is the port's own: that it has not is compared too, since tunnel ids must not be free
 * while somebody sends by them.
 * @returns the revision of the removal, or null if it is not that simple, or somebody was faster
 */
export async function removeUnpublishedMirror(
  { store, live }: RemovalDeps,
  record: TapMirrorRecord,
  revision: number,
): Promise<number | null> {
  const { view } = live;
  if (hasTotals(view, 'tap_mirrors', record.id)) return null;
  if (!live.fresh || view.mirrors.publishedOf(record.id).length > 0) return null;
  const place = view.places.of(record.port_id);
  const node = place.is === 'bound' ? keys.nodeResource(place.node, 'tap_mirrors', record.id) : undefined;
  const key = keys.resource('tap_mirrors', record.id);
  const compare: Compare[] = [
    { kind: 'mod-revision', key, revision },
    ...(node === undefined ? [] : [{ kind: 'absent', key: node } as const]),
  ];
  const ids = new Set(Object.values(record.directions));
  const tunnelIds = [...ids].map((id): Operation => ({ kind: 'delete', key: keys.tunnelId(record.project_id, id) }));
  const result = await store.transact({ compare, operations: [{ kind: 'delete', key }, ...tunnelIds] });
  return result.succeeded ? result.revision : null;
}
