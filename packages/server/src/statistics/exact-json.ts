/** What {@link exactJson} can write. */
export type Exact =
  | null
  | boolean
  | number
  | string
  | bigint
  | readonly Exact[]
  | { readonly [name: string]: Exact | undefined };

/** JSON in which a bigint is a number with all its digits: JSON knows no limit, JavaScript's numbers do (2^53). */
export function exactJson(value: Exact): string {
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (isList(value)) return `[${value.map(exactJson).join(',')}]`;
  const members = Object.entries(value).flatMap(([name, each]) =>
    each === undefined ? [] : [`${JSON.stringify(name)}:${exactJson(each)}`],
  );
  return `{${members.join(',')}}`;
}

// Array.isArray does not know of readonly.
const isList = (value: object): value is readonly Exact[] => Array.isArray(value);
