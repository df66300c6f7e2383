import type { Sliced } from '../slices/slices.js';
import type { Link } from './list-query.js';

/** Characters after which a piece of the body is put into bytes. */
const piece = 64 * 1024;

/**
 * A list's body, `{"tap_flows": [...]}`, in slices: JSON.stringify of all at once takes as long as there is of it.
 * @param shown an item as it is shown
 */
export function* listBody<T>(
  name: string,
  page: Iterable<T>,
  shown: (item: T) => unknown,
  links: readonly Link[],
): Sliced<Buffer> {
  const pieces: Buffer[] = [];
  let text = `{"${name}":[`;
  let first = true;
  for (const item of page) {
    text += `${first ? '' : ','}${JSON.stringify(shown(item))}`;
    first = false;
    if (text.length > piece) {
      pieces.push(Buffer.from(text));
      text = '';
    }
    yield;
  }
  text += links.length > 0 ? `],"${name}_links":${JSON.stringify(links)}}` : ']}';
  return Buffer.concat([...pieces, Buffer.from(text)]);
}
