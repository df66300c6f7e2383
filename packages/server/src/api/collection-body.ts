import type { ResourceKind } from '@taas/model';
import type { Sliced } from '../slices/slices.js';
import { type Link, selectFields } from './list-query.js';
import type { ShownTap } from './tap-kind.js';

/** Characters after which a piece of the body is put into bytes. */
const piece = 64 * 1024;

/** A list's body, `{"tap_flows": [...]}`, in slices: JSON.stringify of all at once takes as long as there is of it. */
export function* collectionBody(
  kind: ResourceKind,
  page: readonly ShownTap[],
  fields: ReadonlySet<string> | null,
  links: readonly Link[],
): Sliced<Buffer> {
  const pieces: Buffer[] = [];
  let text = `{"${kind}":[`;
  for (const [at, item] of page.entries()) {
    text += `${at > 0 ? ',' : ''}${JSON.stringify(selectFields(fields, item))}`;
    if (text.length > piece) {
      pieces.push(Buffer.from(text));
      text = '';
    }
    yield;
  }
  text += links.length > 0 ? `],"${kind}_links":${JSON.stringify(links)}}` : ']}';
  return Buffer.concat([...pieces, Buffer.from(text)]);
}
