import type { TapServiceRecord } from '@taas/model';
import { noReceipts, tooManyReceipts } from '../../errors/neutron-error.js';
import type { ClusterView } from '../../view/cluster-view.js';

/** How many tap services may have receipts: of all projects, and of one. */
export interface ReceiptPlaces {
  readonly most: number;
  readonly ofProject: number;
}

type Asked = Pick<TapServiceRecord, 'id' | 'project_id' | 'receipts'>;

/**
 * Whether these tap services may have the receipts that they ask for. Two servers may let the last one in at the same time: one too many is
 * not sent any.
 * @param places null: this server sends none
 * @throws NeutronError 409
 */
export function mayHaveReceipts(
  view: Pick<ClusterView, 'withReceipts' | 'services'>,
  places: ReceiptPlaces | null,
  asked: readonly Asked[],
): void {
  const fresh = asked.filter(({ id, receipts }) => receipts === true && !view.withReceipts.has(id));
  if (fresh.length === 0) return;
  if (places === null) throw noReceipts();
  if (view.withReceipts.size + fresh.length > places.most) throw tooManyReceipts('The cloud', places.most);
  for (const project of new Set(fresh.map(({ project_id }) => project_id))) {
    let own = fresh.filter(({ project_id }) => project_id === project).length;
    for (const id of view.withReceipts) if (view.services.get(id)?.record?.project_id === project) own += 1;
    if (own > places.ofProject) throw tooManyReceipts('The project', places.ofProject);
  }
}
