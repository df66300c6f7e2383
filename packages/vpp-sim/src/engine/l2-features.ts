/** Bit values of the L2 input features (VPP's vnet/l2/l2_input.h); the highest bit set runs first. */
export const INPUT = {
  DROP: 1 << 0,
  XCONNECT: 1 << 1,
  FLOOD: 1 << 2,
  ARP_UFWD: 1 << 3,
  ARP_TERM: 1 << 4,
  UU_FLOOD: 1 << 5,
  UU_FWD: 1 << 6,
  FWD: 1 << 7,
  LEARN: 1 << 9,
  VTR: 1 << 11,
  /** The classifier's input ACL. */
  ACL: 1 << 14,
  /** Policers by classifier tables. */
  POLICER_CLAS: 1 << 16,
  /** The feature arc on which the ACL plugin sits. */
  FEAT_ARC: 1 << 17,
  SPAN: 1 << 19,
} as const;

/** Bit values of the L2 output features (VPP's vnet/l2/l2_output.h). */
export const OUTPUT = {
  OUTPUT: 1 << 0,
  SPAN: 1 << 1,
  FEAT_ARC: 1 << 11,
} as const;

/** The bits of `bd_flags` and of `l2_flags` on the API (VPP's vnet/l2/l2_bd.h), with the feature each stands for. */
export const BD_FLAGS = [
  { flag: 1 << 0, feature: INPUT.LEARN },
  { flag: 1 << 1, feature: INPUT.FWD },
  { flag: 1 << 2, feature: INPUT.FLOOD },
  { flag: 1 << 3, feature: INPUT.UU_FLOOD },
  { flag: 1 << 4, feature: INPUT.ARP_TERM },
  { flag: 1 << 5, feature: INPUT.ARP_UFWD },
] as const;

/** The features of an API flag word; `ARP_UFWD` only where the message knows it. */
export function featuresOfFlags(flags: number, withArpUnicastForward: boolean): number {
  let features = 0;
  for (const { flag, feature } of BD_FLAGS) {
    if ((flags & flag) !== 0 && (withArpUnicastForward || feature !== INPUT.ARP_UFWD)) features |= feature;
  }
  return features;
}

/** What VPP switches on for an interface that joins a bridge domain. */
export const BRIDGE_MEMBER_FEATURES =
  INPUT.FWD | INPUT.UU_FLOOD | INPUT.UU_FWD | INPUT.FLOOD | INPUT.LEARN | INPUT.ARP_UFWD | INPUT.ARP_TERM | INPUT.DROP;
