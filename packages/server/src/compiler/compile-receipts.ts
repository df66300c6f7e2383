import { isSameAddress, type SegmentKey, type TapServiceRecord, type VxlanLink } from '@taas/model';
import type { HeldSegment } from '../view/segment-ledger.js';
import type { ServiceSlice } from './service-slice.js';

/** By which tunnel receipts come to a collector's node; or why they do not, as a sentence for the tenant. */
export type ReceiptsChoice =
  | { readonly link: VxlanLink; readonly needs: SegmentKey | null; readonly mend: HeldSegment | null }
  | { readonly missing: string; readonly waitsForSegment: boolean };

/**
 * A tunnel from the server that sends receipts, with a VNI of the tap service's own. While the node's agent is silent nobody knows its
 * address; then it is told what it was told. Null: none were asked for.
 */
export function chooseReceipts(slice: ServiceSlice, service: TapServiceRecord, node: string): ReceiptsChoice | null {
  if (service.receipts !== true) return null;
  const not = (missing: string, waitsForSegment = false) => ({ missing, waitsForSegment });
  const { receiptSender: remote } = slice;
  if (remote === null) return not('no server sends any at the moment');
  const option = slice.options.find(({ type }) => type === 'vxlan');
  if (!option) return not('they need VXLAN ids, and the operator has given none');
  const facts = slice.node(node);
  const told = slice.published('tap_services', service.id).find((entry) => entry.node === node)?.record;
  const current = told && 'inputs' in told && !told.removed ? told.receipts : undefined;
  if (facts.known && !facts.takesReceipts) return not(`the TaaS agent of ${node} is of a release that knows none`);
  const local = facts.known ? facts.tunnelAddress : (current?.local ?? null);
  if (local === null) return not(`node ${node} has no tunnel address at the moment`);
  if (local.includes(':') !== remote.includes(':'))
    return not(`node ${node} and the server that sends them have addresses of different IP versions`);
  if (isSameAddress(local, remote))
    return not(`node ${node} says that its tunnel address is that of the server that sends them`);
  const choice = slice.segment(option, service.project_id);
  if ('exhausted' in choice) return not('no VXLAN id is free for this project', true);
  const needs = choice.held ? null : ({ type: 'vxlan', physnet: null, id: choice.id } as const);
  return { link: { type: 'vxlan', vni: choice.id, local, remote }, needs, mend: choice.mend ?? null };
}
