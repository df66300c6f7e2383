import type { SubInterfaceMatch } from '../../engine/interface.js';
import { EngineError } from '../../engine/retval.js';

/** Bits of VPP's `sub_if_flags` (vnet/interface_types.api). */
const FLAG = {
  NO_TAGS: 1,
  ONE_TAG: 2,
  TWO_TAGS: 4,
  DOT1AD: 8,
  EXACT_MATCH: 16,
  DEFAULT: 32,
  OUTER_ANY: 64,
  INNER_ANY: 128,
} as const;

/** The flags as `sw_interface_details` gives them: without NO_TAGS, which VPP masks out. */
export function subInterfaceFlags(match: SubInterfaceMatch): number {
  return (
    (match.tagCount === 1 ? FLAG.ONE_TAG : 0) |
    (match.tagCount === 2 ? FLAG.TWO_TAGS : 0) |
    (match.dot1ad ? FLAG.DOT1AD : 0) |
    (match.exact ? FLAG.EXACT_MATCH : 0) |
    (match.defaultSub ? FLAG.DEFAULT : 0) |
    (match.anyInner ? FLAG.INNER_ANY : 0)
  );
}

/** What a `create_subif` asks for. @throws EngineError UNSPECIFIED for "any outer VLAN", which VPP has not either. */
export function subInterfaceMatch(subId: number, flags: number, outer: number, inner: number): SubInterfaceMatch {
  const has = (flag: number) => (flags & flag) !== 0;
  if (has(FLAG.OUTER_ANY)) throw new EngineError('UNSPECIFIED', 'any outer VLAN is not implemented');
  return {
    subId,
    tagCount: has(FLAG.ONE_TAG) ? 1 : has(FLAG.TWO_TAGS) ? 2 : 0,
    outerVlan: outer,
    innerVlan: inner,
    dot1ad: has(FLAG.DOT1AD),
    exact: has(FLAG.EXACT_MATCH),
    defaultSub: has(FLAG.DEFAULT),
    anyInner: has(FLAG.INNER_ANY),
  };
}
