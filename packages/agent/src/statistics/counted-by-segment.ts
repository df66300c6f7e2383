import { CombinedCounters, SimpleCounters, type StatsValue, VppStatsError } from 'vpp-api';
import { type CounterName, counterNames, eachCounter, interfaceCounters } from '../vpp/interface-counters.js';
import type { Reading } from './reading.js';

/** The vectors of the statistics segment that have the counters of interfaces. */
export const interfaceVectors: readonly string[] = [
  ...new Set(counterNames.map((name) => interfaceCounters[name].vector)),
];

/**
 * What interfaces have counted, of a segment.
 * @throws VppStatsError of one that lacks a counter
 */
export function countedBySegment(values: ReadonlyMap<string, StatsValue>): Reading['counted'] {
  const vectors = eachCounter((name) => vectorOf(name, values));
  const shortest = Math.min(...counterNames.map((name) => vectors[name].length));
  return (index) => (index < shortest ? eachCounter((name) => vectors[name].at(index)) : undefined);
}

interface Vector {
  readonly length: number;
  readonly at: (index: number) => bigint;
}

function vectorOf(name: CounterName, values: ReadonlyMap<string, StatsValue>): Vector {
  const { vector, part } = interfaceCounters[name];
  const value = values.get(vector);
  if (part === 'count' && value instanceof SimpleCounters)
    return { length: value.length, at: (index) => value.count(index) };
  if (part !== 'count' && value instanceof CombinedCounters)
    return { length: value.length, at: (index) => value[part](index) };
  throw new VppStatsError('unsupported', `VPP's statistics segment has no ${vector}`);
}
