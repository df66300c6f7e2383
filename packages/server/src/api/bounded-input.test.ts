import { expect, it } from 'vitest';
import { longestShown, pythonRepr, pythonStr } from '../errors/python-repr.js';
import { parseListQuery } from '../http/list-query.js';
import { mostMembers, mostMembersInAll, parseJsonBody } from '../http/request-body.js';
import { uuid as uuidType, vlanFilter, withoutBraces } from '../taps/attribute-type.js';

it('a UUID in braces is read as Python does, whatever its length', () => {
  const id = '00000000-0000-4000-8000-000000000001';
  for (const text of [id, `{${id}}`, `}}{${id}{`, `urn:uuid:${id}`, id.replaceAll('-', '')])
    expect(uuidType.check(text)).toBeNull();
  expect(withoutBraces('{{}a{b}{}')).toBe('a{b');
  expect(withoutBraces('{}{')).toBe('');
  expect(uuidType.check(`${'{'.repeat(300)}${id}`)).toMatch(/is not a valid UUID/);
});

it('a message shows so much of a value and no more, and does not look at the rest', () => {
  let looked = 0;
  const list = Array.from({ length: 100_000 }, () => null);
  const watched = new Proxy(list, {
    get: (target, name) => {
      if (typeof name === 'string' && /^\d+$/.test(name)) looked += 1;
      return Reflect.get(target, name);
    },
  });
  expect(pythonRepr(watched)).toHaveLength(longestShown + 3);
  expect(looked).toBeLessThan(longestShown);
  expect(pythonStr('x'.repeat(500_000))).toHaveLength(longestShown + 3);
  expect(pythonRepr({ a: ["it's", 'a "b"', null, true, 1.5], b: {} })).toBe(
    `{'a': ["it's", 'a "b"', None, True, 1.5], 'b': {}}`,
  );
});

it('an object, a list and all of them together have so many members', () => {
  const parse = (text: string) => parseJsonBody(Buffer.from(text), 32);
  const list = (length: number, item = '1') => `[${Array(length).fill(item).join(',')}]`;
  expect(parse(list(mostMembers))).toHaveLength(mostMembers);
  expect(() => parse(list(mostMembers + 1))).toThrow('too many members');
  const object = (n: number) => `{${Array.from({ length: n }, (_, at) => `"${at}":",,,"`).join(',')}}`;
  expect(Object.keys(parse(object(mostMembers)) as object)).toHaveLength(mostMembers);
  expect(() => parse(object(mostMembers + 1))).toThrow('too many members');
  const nested = (n: number) => list(n, list(100));
  expect(() => parse(nested(Math.floor(mostMembersInAll / 101) - 2))).not.toThrow();
  expect(() => parse(nested(Math.ceil(mostMembersInAll / 100) + 1))).toThrow('too many members');
});

it('a list sorts by each attribute once, and filters by what there is', () => {
  const listable = { attributes: new Set(['name']), sortable: new Set(['name', 'id']), pageItems: 10 };
  const sorting = ['name', 'id', 'name', 'name'].flatMap((key) => [
    ['sort_key', key] as const,
    ['sort_dir', 'asc'] as const,
  ]);
  const filters = Array.from({ length: 3000 }, (_, n) => [`f${n}`, 'x'] as const);
  const query = parseListQuery([...sorting, ...filters, ['name', 'a'], ['name', 'b'], ['name', 'a']], listable);
  expect(query.sort.map(({ attribute }) => attribute)).toEqual(['name', 'id']);
  expect([...query.filters]).toEqual([['name', new Set(['a', 'b'])]]);
});

it.each([
  [undefined, 10],
  ['0', 10],
  ['5', 5],
  ['11', 10],
])('a page for limit %s of a server with pages of 10 has %s', (asked, limit) => {
  const listable = { attributes: new Set<string>(), sortable: new Set<string>(), pageItems: 10 };
  const pairs = asked === undefined ? [] : [['limit', asked] as const];
  expect(parseListQuery(pairs, listable).limit).toBe(limit);
  expect(parseListQuery(pairs, { ...listable, pageItems: 0 }).limit).toBe(Number(asked ?? 0));
});

it('a VLAN filter may name every VLAN, and is no longer than that takes', () => {
  const every = Array.from({ length: 4096 }, (_, id) => String(id)).join(',');
  expect(vlanFilter.check(every)).toBeNull();
  expect(vlanFilter.check(Array(4100).fill('4095').join(','))).toMatch(/exceeds maximum length of 20480$/);
});
