import { refuseSorting } from './attributes.js';
import { NeutronError } from './neutron-error.js';

type Pairs = readonly (readonly [string, string])[];

/** A list request's query, understood. */
export interface ListQuery {
  /** By attribute: the values of which one must be it, exactly. */
  readonly filters: ReadonlyMap<string, readonly string[]>;
  /** Attributes to show; null for all. */
  readonly fields: ReadonlySet<string> | null;
  /** 0: no limit. */
  readonly limit: number;
  readonly marker: string | null;
  readonly pageReverse: boolean;
  readonly pairs: Pairs;
}

const notFilters = new Set(['fields', 'limit', 'marker', 'page_reverse', 'sort_key', 'sort_dir']);

/** @throws NeutronError 400 for a limit that is none, and for any sorting */
export function parseListQuery(pairs: Pairs): ListQuery {
  const all = (name: string) => pairs.filter(([key]) => key === name).map(([, value]) => value);
  const filters = new Map<string, string[]>();
  for (const [name, value] of pairs) {
    if (!notFilters.has(name)) filters.set(name, [...(filters.get(name) ?? []), value]);
  }
  const limit = parseLimit(all('limit').at(-1));
  refuseSorting(all('sort_key'), all('sort_dir'));
  return {
    filters,
    fields: parseFields(pairs),
    limit,
    marker: all('marker').at(-1) || null,
    pageReverse: all('page_reverse').at(-1)?.toLowerCase() === 'true',
    pairs,
  };
}

export function parseFields(pairs: Pairs): ReadonlySet<string> | null {
  const named = pairs.filter(([key, value]) => key === 'fields' && value !== '').map(([, value]) => value);
  return named.length > 0 ? new Set(named) : null;
}

function parseLimit(text: string | undefined): number {
  if (text === undefined) return 0;
  if (/^\s*\+?\d+\s*$/.test(text)) return Number(text);
  throw new NeutronError(
    400,
    'BadRequest',
    `Bad limit request: Limit must be an integer 0 or greater and not '${text}'.`,
  );
}

export type Shown = Readonly<Record<string, unknown>>;

/** Whether a resource passes the filters; filters on what a resource does not have are ignored, as in Neutron. */
export function passes(query: ListQuery, resource: Shown): boolean {
  for (const [name, values] of query.filters) {
    if (!Object.hasOwn(resource, name)) continue;
    if (!values.some((value) => value === resource[name])) return false;
  }
  return true;
}

export function selectFields(fields: ReadonlySet<string> | null, resource: Shown): Shown {
  if (fields === null) return resource;
  return Object.fromEntries(Object.entries(resource).filter(([name]) => fields.has(name)));
}

/** One page of what passed the filters. An unknown marker gives an empty page. */
export function pageOf<T extends { readonly id: string }>(query: ListQuery, items: readonly T[]): readonly T[] {
  if (query.limit === 0) return items;
  const at = query.marker === null ? null : items.findIndex((item) => item.id === query.marker);
  if (at === -1) return [];
  if (!query.pageReverse) return items.slice(at === null ? 0 : at + 1).slice(0, query.limit);
  const end = at ?? items.length;
  return items.slice(Math.max(0, end - query.limit), end);
}

export interface Link {
  readonly rel: 'next' | 'previous';
  readonly href: string;
}

/**
 * Neutron's links: `next` unless the page is short, `previous` unless a reversed page is.
 * @param base the collection's own URL, without query
 */
export function pageLinks(query: ListQuery, base: string, page: readonly { readonly id: string }[]): readonly Link[] {
  if (query.limit === 0) return [];
  const short = page.length < query.limit;
  const kept = query.pairs.filter(([name]) => name !== 'marker' && name !== 'page_reverse');
  const link = (rel: Link['rel'], marker: string | undefined, reverse: boolean): Link => {
    const pairs = [...kept, ...(marker === undefined ? [] : [['marker', marker] as const])];
    if (reverse) pairs.push(['page_reverse', 'True']);
    return {
      rel,
      href: `${base}?${new URLSearchParams(pairs.map(([name, value]): [string, string] => [name, value])).toString()}`,
    };
  };
  return [
    ...(short && !query.pageReverse ? [] : [link('next', page.at(-1)?.id, false)]),
    ...(short && query.pageReverse ? [] : [link('previous', page[0]?.id, true)]),
  ];
}
