import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { saysTheSame } from './same-row.js';
import { Table } from './table.js';

const row = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom(0, 1, 'a', 'b', true, null, undefined),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom('x', 'y', 'z'), tie('value'), { noNullPrototype: true }),
    fc.array(fc.tuple(fc.constantFrom(1, 2), tie('value')), { maxLength: 2 }).map((pairs) => new Map(pairs)),
  ),
})).value;

/** Text in which all that can be told apart is. */
const text = (value: unknown): string =>
  value instanceof Map
    ? `map ${[...value]
        .map(([key, each]) => `${key} ${text(each)}`)
        .sort()
        .join()}`
    : Array.isArray(value)
      ? `[${value.map(text).join()}]`
      : typeof value === 'object' && value !== null
        ? `{${Object.entries(value)
            .map(([key, each]) => `${key} ${text(each)}`)
            .sort()
            .join()}}`
        : `${typeof value} ${String(value)}`;

describe('rows', () => {
  it('say the same if nobody can tell them apart', () => {
    fc.assert(
      fc.property(row, row, (a, b) => {
        expect(saysTheSame(a, b)).toBe(text(a) === text(b));
      }),
    );
    fc.assert(
      fc.property(row, (a) => {
        expect(saysTheSame(a, structuredClone(a))).toBe(true);
      }),
    );
  });

  it('that are put again as they were stay the objects that they are, and nobody is told', () => {
    const table = new Table<number, { readonly tag: string }, 'tag'>({ tag: ({ tag }) => [tag] });
    const told: unknown[] = [];
    table.listen((key, old, now) => told.push([key, old?.tag, now?.tag]));
    const first = { tag: 'a' };
    table.put(1, first);
    table.put(1, { tag: 'a' });
    expect(table.get(1)).toBe(first);
    table.put(1, { tag: 'b' });
    table.delete(2);
    table.delete(1);
    expect(told).toEqual([
      [1, undefined, 'a'],
      [1, 'a', 'b'],
      [1, 'b', undefined],
    ]);
    expect(table.by('tag', 'b')).toEqual([]);
  });
});
