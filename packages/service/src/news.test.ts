import { expect, it } from 'vitest';
import { News } from './news.js';

it('says each thing of a party once, until something else was said of it', () => {
  const news = new News();
  const said = [
    ['a', 'x'],
    ['a', 'x'],
    ['b', 'x'],
    ['a', 'y'],
    ['a', 'x'],
  ] as const;
  expect(said.map(([party, what]) => news.isNew(party, what))).toEqual([true, false, true, true, true]);
});

it('says the same again once its trouble was over', () => {
  const news = new News();
  const said = [news.isNew('a', 'x'), news.isNew('b', 'x'), news.isNew('a', 'x')];
  news.forget('a');
  expect([...said, news.isNew('b', 'x'), news.isNew('a', 'x')]).toEqual([true, true, false, false, true]);
});

it('remembers a bounded number of parties', () => {
  const news = new News();
  for (let n = 0; n < 1_001; n += 1) news.isNew(`party ${n}`, 'x');
  expect([news.isNew('party 1000', 'x'), news.isNew('party 0', 'x')]).toEqual([false, true]);
});
