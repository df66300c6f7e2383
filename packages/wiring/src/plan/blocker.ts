import type { Because, StatusCode } from '@taas/model';

/**
 * Why a tap cannot be wired now. PENDING waits for something that is not ours to make; ERROR needs somebody to change
 * something. The reason is for the tenant: it names ports and physnets, not indices, wherever it can.
 */
export interface Blocker extends Because {
  readonly status: 'PENDING' | 'ERROR';
}

/** A value, or why there is none. */
export type Found<T> =
  | { readonly value: T; readonly blocker?: undefined }
  | { readonly blocker: Blocker; readonly value?: undefined };

export function found<T>(value: T): Found<T> {
  return { value };
}
/** What to say of a tap that stands; null for an empty text. */
export function warningOf(code: StatusCode, reason: string): Because | null {
  return reason === '' ? null : { code, reason };
}
export function pending(code: StatusCode, reason: string): { readonly blocker: Blocker } {
  return { blocker: { status: 'PENDING', code, reason } };
}
export function refused(code: StatusCode, reason: string): { readonly blocker: Blocker } {
  return { blocker: { status: 'ERROR', code, reason } };
}
