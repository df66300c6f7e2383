import { type Found, found, refused } from '../plan/blocker.js';

/** VLAN ids from first to last. */
export type VlanRange = readonly [first: number, last: number];

/** VLAN ids whose first `length` of 12 bits are those of `value`, whose other bits are 0. */
export interface VlanPrefix {
  readonly value: number;
  readonly length: number;
}

const highest = 4095;
const mostRanges = 256;

/**
 * The ranges of a `vlan_filter` such as `1-10,15`, in order and apart from each other. Neutron's API lets numbers pass
 * that no VLAN has: those are for the node to refuse.
 */
export function parseVlanFilter(text: string): Found<readonly VlanRange[]> {
  const parts = text.trim().split(',');
  if (parts.length > mostRanges)
    return refused('filter_invalid', `vlan_filter has ${parts.length} parts, of which ${mostRanges} can be`);
  const ranges: VlanRange[] = [];
  for (const part of parts) {
    const [first = Number.NaN, last = first] = part.split('-').map(Number);
    if (!Number.isInteger(first) || !Number.isInteger(last))
      return refused('filter_invalid', `vlan_filter ${part} is not a VLAN range`);
    if (first > last) return refused('filter_invalid', `vlan_filter ${part} ends before it begins`);
    if (last > highest)
      return refused('filter_invalid', `vlan_filter ${part} names VLANs above ${highest}, which no frame can have`);
    ranges.push([first, last]);
  }
  return found(merged(ranges));
}

export function includesVlan(ranges: readonly VlanRange[], vlan: number): boolean {
  return ranges.some(([first, last]) => vlan >= first && vlan <= last);
}

/** The fewest prefixes that together are a range, since a classifier can only mask bits. */
export function vlanPrefixes([first, last]: VlanRange): readonly VlanPrefix[] {
  const prefixes: VlanPrefix[] = [];
  let next = first;
  while (next <= last) {
    let size = 1;
    while (next % (2 * size) === 0 && next + 2 * size - 1 <= last && 2 * size <= highest + 1) size *= 2;
    prefixes.push({ value: next, length: 12 - Math.log2(size) });
    next += size;
  }
  return prefixes;
}

function merged(ranges: readonly VlanRange[]): VlanRange[] {
  const result: VlanRange[] = [];
  for (const [first, last] of [...ranges].sort((a, b) => a[0] - b[0])) {
    const before = result.at(-1);
    if (before && first <= before[1] + 1) result[result.length - 1] = [before[0], Math.max(before[1], last)];
    else result.push([first, last]);
  }
  return result;
}
