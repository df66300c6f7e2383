import { type Asker, member } from './ask.js';

/** What one list may have at most: a browser that is given more shows nothing any more. */
export const mostItems = 20_000;
const pageItems = 1000;
/** Of the first page where it is to be seen at once: more than a window has, and a tenth of the work. */
const firstItems = 100;

/**
 * All of a collection, page by page; links lead to where clients ask the API, so only the last id of a page is taken from it.
 * @param onPart told of what has come so far, so that the first page can be seen at once
 */
export async function listAll<T>(
  asker: Pick<Asker, 'api'>,
  path: string,
  collection: string,
  background: boolean,
  onPart?: (items: readonly T[]) => void,
  /** What the next page is asked for after. */
  idOf: (item: T) => string = (item) => (item as { readonly id: string }).id,
): Promise<readonly T[]> {
  const all: T[] = [];
  const joint = path.includes('?') ? '&' : '?';
  for (let marker: string | undefined; all.length < mostItems; ) {
    const after = marker === undefined ? '' : `&marker=${encodeURIComponent(marker)}`;
    const limit = marker === undefined && onPart !== undefined ? firstItems : pageItems;
    const answer = await asker.api(`${path}${joint}limit=${limit}${after}`, { background });
    const page = member<readonly T[]>(answer, collection);
    all.push(...page);
    const last = page.at(-1);
    if (page.length < limit || last === undefined) break;
    marker = idOf(last);
    onPart?.(all.slice());
  }
  return all;
}
