/** Where VPP shows a counter of interfaces: its vector in the statistics segment, and its words in `show interface`. */
interface Shown {
  readonly vector: string;
  /** What of the vector's elements: a combined one has packets and bytes, a simple one a count. */
  readonly part: 'packets' | 'bytes' | 'count';
  readonly text: string;
}

/** The counters that are read of an interface. New ones come last: the state file has them in this order. */
export const interfaceCounters = {
  rxPackets: { vector: '/if/rx', part: 'packets', text: 'rx packets' },
  rxBytes: { vector: '/if/rx', part: 'bytes', text: 'rx bytes' },
  txPackets: { vector: '/if/tx', part: 'packets', text: 'tx packets' },
  txBytes: { vector: '/if/tx', part: 'bytes', text: 'tx bytes' },
  /** Frames that came in by it and went nowhere. */
  drops: { vector: '/if/drops', part: 'count', text: 'drops' },
  /** Frames that could not be sent by it. */
  txErrors: { vector: '/if/tx-error', part: 'count', text: 'tx-error' },
} as const satisfies Readonly<Record<string, Shown>>;

export type CounterName = keyof typeof interfaceCounters;
export const counterNames = Object.keys(interfaceCounters) as CounterName[];

/**
 * A value for each counter; a row each, which the compiler asks for, since this is done of every interface at every reading: made by a
 * loop over the names it takes twice the time, and eight times by `Object.fromEntries`.
 */
export function eachCounter<T>(value: (name: CounterName) => T): Record<CounterName, T> {
  return {
    rxPackets: value('rxPackets'),
    rxBytes: value('rxBytes'),
    txPackets: value('txPackets'),
    txBytes: value('txBytes'),
    drops: value('drops'),
    txErrors: value('txErrors'),
  };
}
