import type { Sliced } from '../slices/slices.js';
import type { Link } from './list-query.js';

/** Characters after which a piece of the body is put into bytes. */
const piece = 64 * 1024;

/**
 * A list's body, `{"tap_flows": [...]}`, in slices: JSON.stringify of all at once takes as long as there is of it.
 * @param page items as they are asked for; null stands for one that was looked at in vain
 * @param shown an item as it is shown
 * @param links asked for when the page is there
 * @returns the body in pieces: put together in one go, a large one would keep the event loop, and so would sending it so
 */
export function* listBody<T>(
  name: string,
  page: Iterable<T | null>,
  shown: (item: T) => unknown,
  links: () => readonly Link[],
): Sliced<readonly Buffer[]> {
  const pieces: Buffer[] = [];
  let text = `{"${name}":[`;
  let first = true;
  for (const item of page) {
    if (item !== null) {
      text += `${first ? '' : ','}${JSON.stringify(shown(item))}`;
      first = false;
    }
    if (text.length > piece) {
      pieces.push(Buffer.from(text));
      text = '';
    }
    yield;
  }
  const more = links();
  text += more.length > 0 ? `],"${name}_links":${JSON.stringify(more)}}` : ']}';
  pieces.push(Buffer.from(text));
  return pieces;
}
