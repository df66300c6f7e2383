import { VppRetvalError } from 'vpp-api';

/**
 * Whether VPP refuses because what was asked about is not there; or, for what interfaces do at layer 2, is not in layer 2. Any other refusal says
 * nothing of it (vnet/l2/l2_api.c, vnet/classify/classify_api.c).
 */
export function isGone(error: unknown): boolean {
  return error instanceof VppRetvalError && gone.has(error.errorName);
}

const gone: ReadonlySet<string> = new Set([
  'VNET_API_ERROR_INVALID_SW_IF_INDEX',
  'VNET_API_ERROR_CLASSIFY_TABLE_NOT_FOUND',
  'VNET_API_ERROR_NO_SUCH_TABLE',
  'VNET_API_ERROR_NO_SUCH_ENTRY',
]);
