import { keys, type TapState } from '@taas/model';
import { expect, it } from 'vitest';
import { NodeState, NodeStates } from './node-states.js';
import type { TapPart } from './tap-part.js';

const said: TapState = { v: 1, id: 'a', revision: 3, status: 'ACTIVE', reason: '' };
const part = (node: string, id: string, kind: TapPart['kind'] = 'tap_flows'): TapPart => ({ node, kind, id });
const state = ({ node, kind, id }: TapPart) => new NodeState(node, kind, id, 5, 4, said);

it('finds what a node says, and what all nodes say', () => {
  const states = new NodeStates();
  const parts = [part('n1', 'a'), part('n1', 'a', 'tap_services'), part('n1', 'b', 'tap_mirrors'), part('n2', 'a')];
  for (const each of parts) states.set(state(each));
  expect(states.get(part('n1', 'a'))?.key).toBe(keys.stateResource('n1', 'tap_flows', 'a'));
  expect(states.get(part('n2', 'b'))).toBeUndefined();
  expect(states.get(part('n3', 'a'))).toBeUndefined();
  expect([...states.onNode('n1')]).toHaveLength(3);
  expect([...states.onNode('n3')]).toEqual([]);
  expect([...states.all()]).toHaveLength(4);
});

it('keeps nothing of a node that says nothing any more', () => {
  const states = new NodeStates();
  for (const each of [part('n1', 'a'), part('n1', 'b'), part('n2', 'a')]) states.set(state(each));
  states.delete(part('n1', 'a'));
  expect([...states.onNode('n1')].map(({ id }) => id)).toEqual(['b']);
  states.delete(part('n1', 'b'));
  states.delete(part('n3', 'b'));
  expect([...states.nodes()]).toEqual(['n2']);
});
