/** The numbers of VPP's API errors that the simulator answers with (facts from VPP's vnet/error.h). */
export const RETVAL = {
  UNSPECIFIED: -1,
  INVALID_SW_IF_INDEX: -2,
  NO_SUCH_FIB: -3,
  NO_SUCH_ENTRY: -6,
  INVALID_VALUE: -7,
  INVALID_VALUE_2: -8,
  UNIMPLEMENTED: -9,
  INVALID_REGISTRATION: -31,
  VALUE_EXIST: -81,
  INVALID_VLAN: -55,
  VLAN_ALREADY_EXISTS: -56,
  INVALID_SRC_ADDRESS: -57,
  INVALID_DST_ADDRESS: -58,
  ADDRESS_NOT_FOUND_FOR_INTERFACE: -60,
  INVALID_INTERFACE: -71,
  NO_SUCH_TABLE: -65,
  INVALID_VLAN_TAG_COUNT: -72,
  CLASSIFY_TABLE_NOT_FOUND: -91,
  TUNNEL_EXIST: -75,
  INVALID_DECAP_NEXT: -76,
  SAME_SRC_DST: -82,
  IF_ALREADY_EXISTS: -79,
  INVALID_PROTOCOL: -153,
  INVALID_SESSION_ID: -148,
  INVALID_SUB_SW_IF_INDEX: -98,
  ENTRY_ALREADY_EXISTS: -116,
  BD_ALREADY_EXISTS: -119,
  BD_IN_USE: -120,
  BD_NOT_MODIFIABLE: -121,
  BD_ID_EXCEED_MAX: -122,
  DUPLICATE_IF_ADDRESS: -127,
  ACL_IN_USE_INBOUND: -142,
  ACL_IN_USE_OUTBOUND: -143,
  INSTANCE_IN_USE: -147,
  BD_ALREADY_HAS_BVI: -152,
} as const;

/** The name of an API error, without VPP's `VNET_API_ERROR_`. */
export type RetvalName = keyof typeof RETVAL;

/** A request that VPP would refuse; `retval` is what its reply carries. */
export class EngineError extends Error {
  override readonly name = 'EngineError';
  readonly retval: number;

  constructor(
    readonly code: RetvalName,
    what: string,
  ) {
    super(`${code}: ${what}`);
    this.retval = RETVAL[code];
  }
}
