import { expect, it } from 'vitest';
import { NodeStates } from '../view/node-states.js';
import { takeAway } from './node-part.js';

const current = { key: 'k', node: 'n', kind: 'tap_mirrors', id: 'a', revision: 7, record: null, value: 'odd' } as const;
const context = { states: new NodeStates() };

it('writes a tombstone over what cannot be read, and never the same again', () => {
  expect(takeAway(current, () => 'tombstone', context)?.operations).toEqual([
    { kind: 'put', key: 'k', value: 'tombstone' },
  ]);
  expect(takeAway(current, () => 'odd', context)).toBeNull();
  expect(takeAway(current, () => null, context)).toBeNull();
});
