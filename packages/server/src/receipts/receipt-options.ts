import { isIP } from 'node:net';
import { tunnelAddressProblem } from '@taas/model';
import { group } from '@taas/service';
import Type, { type Static } from 'typebox';
import type { ReceiptPlaces } from '../taps/tap-service/receipts-offer.js';

/** From where collectors are told how much they should have been given. */
export const receiptOptions = group(
  {
    address: Type.String({
      default: '',
      description:
        'Address of this server from which nodes let receipts in, by their tunnels (VXLAN, UDP port 4789): it must reach their tunnel ' +
        'addresses. May be captures.address. Empty: receipts are refused, and none are sent while this server leads. To be set when all servers ' +
        'know it.',
    }),
    listen_address: Type.String({
      default: '',
      description: 'Address that this server sends from, if that is another one.',
    }),
    most: Type.Integer({
      default: 200,
      minimum: 1,
      maximum: 2000,
      description: 'Tap services with receipts. Each node that has part in one writes to etcd every 5 s.',
    }),
    most_of_project: Type.Integer({
      default: 20,
      minimum: 1,
      maximum: 2000,
      description: 'Tap services with receipts of one project.',
    }),
  },
  'Receipts: collectors are told once a second how much they should have been given. The same on all servers, but for the addresses.',
);

export type ReceiptConfig = Static<typeof receiptOptions>;

/** How many tap services may have them; null where the operator has set no address: none may. */
export const receiptPlaces = ({ address, most, most_of_project: ofProject }: ReceiptConfig): ReceiptPlaces | null =>
  address === '' ? null : { most, ofProject };

/** What a schema cannot say of them. @param segments the links for copies between nodes */
export function receiptProblems(
  { address, listen_address: from }: ReceiptConfig,
  segments: readonly { readonly type: string }[],
): string[] {
  if (address === '') return [];
  const problem = tunnelAddressProblem(address);
  const found = problem === null ? [] : [`option "receipts.address": ${address} ${problem}`];
  if (from !== '' && (isIP(from) !== isIP(address) || from.includes('%')))
    found.push(`option "receipts.listen_address": ${from} is no IP address of the version of receipts.address`);
  if (!segments.some(({ type }) => type === 'vxlan'))
    found.push('option "receipts": needs a range of type vxlan in segments');
  return found;
}
