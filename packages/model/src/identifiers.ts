/** A UUID as Neutron writes it: lower or upper case, with hyphens. */
export const uuidPattern = '^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$';

/** Kinds of taps, spelled as in Neutron's paths and in our keys. */
export const resourceKinds = ['tap_services', 'tap_flows', 'tap_mirrors'] as const;
export type ResourceKind = (typeof resourceKinds)[number];

/** Neutron's direction: IN is towards the VM (VPP transmits to it), OUT is from the VM (VPP receives from it). */
export const directions = ['IN', 'OUT', 'BOTH'] as const;
export type Direction = (typeof directions)[number];
