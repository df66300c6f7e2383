import { expect, it } from 'vitest';
import { ReadRecords } from './read-records.js';
import { SharedRecords } from './shared-records.js';
import { SharedTexts } from './shared-texts.js';

it('a record is read once while it is among the last that were asked for, and always the right one', () => {
  let reads = 0;
  const records = new ReadRecords((entry: { readonly n: number }) => {
    reads += 1;
    return { n: entry.n };
  });
  const entries = Array.from({ length: 5_000 }, (_, n) => ({ n }));
  for (const entry of entries) {
    expect(records.of(entry).n).toBe(entry.n);
    // One that is asked for again and again is not read again, however many others are.
    expect(records.of(entries[0] ?? entry).n).toBe(0);
  }
  expect(reads).toBe(entries.length);
  expect(records.of(entries[1] ?? { n: 1 }).n).toBe(1);
  expect(reads).toBe(entries.length + 1);
});

it('values that are the same have one record; one that cannot be read is no record of any other', () => {
  const records = new SharedRecords<{ readonly value: string }>();
  const read = (value: string) => {
    if (value === 'bad') throw new RangeError(value);
    return { value };
  };
  const first = records.of('a', read);
  expect(records.of('a', read)).toBe(first);
  expect(() => records.of('bad', read)).toThrow(RangeError);
  for (let n = 0; n < 10_000; n += 1) expect(records.of(String(n), read).value).toBe(String(n));
  expect(records.of('a', read)).toEqual(first);
});

it('texts are what they were, however many there are', () => {
  const texts = new SharedTexts();
  for (let n = 0; n < 70_000; n += 1) expect(texts.of(`node-${n}`)).toBe(`node-${n}`);
  expect(texts.of('node-7 ü')).toBe('node-7 ü');
});
