import type { Table } from '@taas/wiring';
import type { AgentMessages, DetailsFields, DumpFields, DumpName } from 'vpp-api';
import type { Dumps } from '../vpp-messages.js';
import type { ReadContext } from './twin.js';

/** The field that tells the objects of a dump apart. */
const names = ['sw_if_index', 'bd_id', 'acl_index'] as const;

export interface Listed<D> {
  readonly details: readonly D[];
  /** Numbers of objects whose description cannot be read. */
  readonly odd: ReadonlySet<number>;
}

/**
 * What VPP lists. An object whose description cannot be read keeps nobody from the others: it is logged, and `odd` has its
 * number if that much of it could be read. Only a dump that fails as a whole is an error.
 */
export async function listObjects<N extends DumpName<AgentMessages>>(
  { vpp, contained }: Pick<ReadContext, 'contained'> & { readonly vpp: Dumps<NoInfer<N>> },
  dump: N,
  fields: DumpFields<AgentMessages, N>,
): Promise<Listed<DetailsFields<AgentMessages, N>>> {
  const odd = new Set<number>();
  const details = await vpp.dump(dump, fields, {
    unreadable: (error, known) => {
      const number = names.map((name) => known[name]).find((value) => typeof value === 'number');
      contained.note(`an object of ${dump}${number === undefined ? '' : `, ${number}`}`, error);
      if (number !== undefined) odd.add(number);
    },
  });
  return { details, odd };
}

/** How a row of a table is read from what VPP says of an object. */
export interface RowReader<D, V> {
  /** What the object is called, for people. */
  readonly what: string;
  readonly key: (details: D) => number;
  readonly row: (details: D) => V;
}

/** Puts what VPP has listed; of what nobody can make sense of, as much as is known stays. */
export function putListed<D, V, I extends string>(
  { contained }: ReadContext,
  table: Table<number, V, I>,
  details: readonly D[],
  { what, key, row }: RowReader<D, V>,
): void {
  for (const each of details) {
    const read = (): { readonly row: V } => ({ row: row(each) });
    const made = contained.attempt(`${what} ${key(each)}`, read, null);
    if (made) table.put(key(each), made.row);
  }
}

/** As {@link putListed}, where VPP has listed all that there is: what is not among it is gone. */
export function replaceListed<D, V, I extends string>(
  context: ReadContext,
  table: Table<number, V, I>,
  { details, odd }: Listed<D>,
  reader: RowReader<D, V>,
): void {
  table.keep(new Set([...details.map(reader.key), ...odd]));
  putListed(context, table, details, reader);
}

/** As {@link putListed}, where VPP was asked for this one: if it is not listed, it is gone. */
export function putAsked<D, V, I extends string>(
  context: ReadContext,
  table: Table<number, V, I>,
  key: number,
  { details, odd }: Listed<D>,
  reader: RowReader<D, V>,
): void {
  putListed(context, table, details, reader);
  if (details.length === 0 && !odd.has(key)) table.delete(key);
}
