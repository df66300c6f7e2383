/** One way for copies to travel between nodes, in the operator's order of preference. */
export type SegmentOption =
  | { readonly type: 'vlan'; readonly physnet: string; readonly first: number; readonly last: number }
  | { readonly type: 'vxlan'; readonly first: number; readonly last: number };

export interface SegmentPolicy {
  readonly options: readonly SegmentOption[];
  /** The part of a range that one project may hold, 0 < share ≤ 1. At least one segment is always allowed. */
  readonly projectShare: number;
}

export const physnetOf = (option: SegmentOption): string | null => (option.type === 'vlan' ? option.physnet : null);

/** For messages: `VLAN ids 3900-3999 of physnet physnet1`. */
export function describeOption(option: SegmentOption): string {
  const range = `${option.first}-${option.last}`;
  return option.type === 'vlan' ? `VLAN ids ${range} of physnet ${option.physnet}` : `VXLAN ids ${range}`;
}
