import { isAble, type MirrorType, mirrorTransports, mirrorTypes } from '@taas/model';
import type { ClusterView } from '../view/cluster-view.js';

/**
 * Why a node cannot send tap mirrors of a type, for the tenant.
 * @returns null: it can, or its agent has not been heard, and what it can do is not known
 */
export function whyUnable(view: Pick<ClusterView, 'agents'>, node: string, type: MirrorType): string | null {
  const record = view.agents.get(node)?.record;
  if (!record || isAble(record, mirrorTransports[type].ability)) return null;
  const others = mirrorTypes.filter((each) => isAble(record, mirrorTransports[each].ability));
  const instead = others.length > 0 ? `: use mirror_type ${others.join(' or ')}` : '';
  return `node ${node} (VPP ${record.vpp_version ?? 'of unknown release'}) cannot send tap mirrors of type ${type}${instead}`;
}
