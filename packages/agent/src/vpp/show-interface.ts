import { type CounterName, counterNames, eachCounter, interfaceCounters } from './interface-counters.js';

/** What an interface has counted since it was made, or since somebody cleared its counters. */
export type InterfaceCounters = Readonly<Record<CounterName, number>>;

const byText: ReadonlyMap<string, CounterName> = new Map(
  counterNames.map((name) => [interfaceCounters[name].text, name]),
);

/**
 * The counters in what `show interface` prints, by sw_if_index: a line with name, index, state and MTU begins an
 * interface, and each counter that is not zero stands at the end of that line or on one of its own.
 */
export function readCounters(shown: string): Map<number, InterfaceCounters> {
  const found = new Map<number, InterfaceCounters>();
  let index: number | undefined;
  for (const line of shown.split('\n')) {
    const head = /^\S+\s+(\d+)\s+(?:up|down)\s/.exec(line)?.[1];
    if (head !== undefined) {
      index = Number(head);
      found.set(
        index,
        eachCounter(() => 0),
      );
    }
    const [, text = '', value] = /\s{2,}([a-z][a-z0-9 -]*?)\s+(\d+)\s*$/.exec(line) ?? [];
    const name = byText.get(text);
    const counters = index === undefined ? undefined : found.get(index);
    if (index !== undefined && counters !== undefined && name !== undefined)
      found.set(index, { ...counters, [name]: Number(value) });
  }
  return found;
}
