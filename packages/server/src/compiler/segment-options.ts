/** One way for copies to travel between nodes, in the operator's order of preference. */
export type SegmentOption =
  | {
      readonly type: 'vlan';
      readonly physnet: string;
      readonly first: number;
      readonly last: number;
      /** The operator says that nobody else is on the physnet's trunk: Neutron is not asked. */
      readonly exclusive: boolean;
    }
  | { readonly type: 'vxlan'; readonly first: number; readonly last: number };

export interface SegmentPolicy {
  readonly options: readonly SegmentOption[];
  /**
   * The part of what others have left of a range that one project may hold, 0 < share ≤ 1; see `mayTake`. One that holds
   * nothing may always take one that is free.
   */
  readonly projectShare: number;
}

export const physnetOf = (option: SegmentOption): string | null => (option.type === 'vlan' ? option.physnet : null);

/** For messages: `VLAN ids 3900-3999 of physnet physnet1`. */
export function describeOption(option: SegmentOption): string {
  const range = `${option.first}-${option.last}`;
  return option.type === 'vlan' ? `VLAN ids ${range} of physnet ${option.physnet}` : `VXLAN ids ${range}`;
}

/** For tenants: no numbers, which would tell what others hold, and what tags to forge. */
export const nameOption = (option: SegmentOption): string =>
  option.type === 'vlan' ? `VLANs of physnet ${option.physnet}` : 'VXLAN';
