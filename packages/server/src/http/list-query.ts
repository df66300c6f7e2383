import { badRequest, NeutronError } from '../errors/neutron-error.js';
import { pythonRepr } from '../errors/python-repr.js';

type Pairs = readonly (readonly [string, string])[];

/** A list request's query, understood. */
export interface ListQuery {
  /** By attribute: the values of which one must be it, exactly. Those of the kind's attributes alone. */
  readonly filters: ReadonlyMap<string, ReadonlySet<unknown>>;
  /** Attributes to show; null for all. */
  readonly fields: ReadonlySet<string> | null;
  /** Most that the page may have; 0: no limit. */
  readonly limit: number;
  /** The limit is the client's own, not the server's alone. */
  readonly asksLimit: boolean;
  readonly marker: string | null;
  readonly pageReverse: boolean;
  readonly sort: readonly SortKey[];
  readonly pairs: Pairs;
}

export interface SortKey {
  readonly attribute: string;
  readonly ascending: boolean;
}

/** What a list of a kind can be filtered and sorted by. */
export interface Listable {
  readonly attributes: ReadonlySet<string>;
  readonly sortable: ReadonlySet<string>;
  /** Most that a page may have, Neutron's `pagination_max_limit`; 0: no limit. */
  readonly pageItems: number;
}

/**
 * Filters on what a resource does not have are ignored, as in Neutron; here and not for each resource, since a URL can have
 * thousands of them.
 * @throws NeutronError 400 for a limit that is none, or sorting that cannot be
 */
export function parseListQuery(pairs: Pairs, { attributes, sortable, pageItems }: Listable): ListQuery {
  const all = (name: string) => pairs.filter(([key]) => key === name).map(([, value]) => value);
  const filters = new Map<string, Set<unknown>>();
  for (const [name, value] of pairs) {
    if (!attributes.has(name)) continue;
    const values = filters.get(name) ?? new Set();
    filters.set(name, values.add(value));
  }
  const asked = parseLimit(all('limit').at(-1));
  const sort = parseSorting(all('sort_key'), all('sort_dir'), sortable);
  return {
    sort,
    filters,
    fields: parseFields(pairs),
    limit: asked === 0 || pageItems === 0 ? asked || pageItems : Math.min(asked, pageItems),
    asksLimit: asked > 0,
    marker: all('marker').at(-1) || null,
    pageReverse: all('page_reverse').at(-1)?.toLowerCase() === 'true',
    pairs,
  };
}

export function parseFields(pairs: Pairs): ReadonlySet<string> | null {
  const named = pairs.filter(([key, value]) => key === 'fields' && value !== '').map(([, value]) => value);
  return named.length > 0 ? new Set(named) : null;
}

/** Neutron's own rules and words for resources that it can sort; it can sort no taps. */
function parseSorting(names: readonly string[], dirs: readonly string[], sortable: ReadonlySet<string>): SortKey[] {
  if (names.length !== dirs.length) throw badRequest('The number of sort_keys and sort_dirs must be same');
  const unknown = names.filter((name) => !sortable.has(name));
  if (unknown.length > 0) throw badRequest(`${pythonRepr(unknown)} is invalid attribute for sort_keys`);
  const wrong = dirs.filter((dir) => dir !== 'asc' && dir !== 'desc');
  if (wrong.length > 0) {
    throw badRequest(`${pythonRepr(wrong)} is invalid value for sort_dirs, valid value is 'asc' and 'desc'`);
  }
  // Those that are equal by a key are equal by it the next time too.
  const keys = new Map<string, SortKey>();
  for (const [at, attribute] of names.entries()) {
    if (!keys.has(attribute)) keys.set(attribute, { attribute, ascending: dirs[at] === 'asc' });
  }
  return [...keys.values()];
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

/** Whether a resource passes the filters. */
export function passes(query: ListQuery, resource: Shown): boolean {
  for (const [name, values] of query.filters) {
    if (!values.has(resource[name])) return false;
  }
  return true;
}

/** Whether an attribute that costs more than the rest is needed to choose or order what is shown. */
export const asksFor = (query: ListQuery, attribute: string): boolean =>
  query.filters.has(attribute) || query.sort.some((key) => key.attribute === attribute);

/** What a resource is sorted by, in the order of the query's keys. */
export type SortValues = readonly unknown[];

export const sortedBy = ({ sort }: ListQuery, resource: Shown): SortValues =>
  sort.map(({ attribute }) => resource[attribute]);

/** As the query sorts: by code units, null first. */
export function ordering({ sort }: ListQuery): (a: SortValues, b: SortValues) => number {
  return (a, b) => {
    for (const [at, { ascending }] of sort.entries()) {
      const order = compare(a[at], b[at]);
      if (order !== 0) return ascending ? order : -order;
    }
    return 0;
  };
}

function compare(a: unknown, b: unknown): number {
  const left = typeof a === 'string' ? a : null;
  const right = typeof b === 'string' ? b : null;
  if (left === right) return 0;
  if (left === null) return -1;
  if (right === null) return 1;
  return left < right ? -1 : 1;
}

export function selectFields(fields: ReadonlySet<string> | null, resource: Shown): Shown {
  if (fields === null) return resource;
  return Object.fromEntries(Object.entries(resource).filter(([name]) => fields.has(name)));
}

export interface Link {
  readonly rel: 'next' | 'previous';
  readonly href: string;
}

/**
 * Neutron's links: `next` unless the page is short, `previous` unless a reversed page is. A list for which the client asked no
 * limit, and that is there as a whole, has none: then it looks as without a limit of the server's.
 * @param base the collection's own URL, without query
 */
export function pageLinks(query: ListQuery, base: string, page: readonly { readonly id: string }[]): readonly Link[] {
  if (query.limit === 0) return [];
  const short = page.length < query.limit;
  if (short && !query.asksLimit) return [];
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
