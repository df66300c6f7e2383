/**
 * Why a tap cannot be wired now. PENDING waits for something that is not ours to make; ERROR needs somebody to change
 * something. The reason is for the tenant: it names ports and physnets, not indices, wherever it can.
 */
export interface Obstacle {
  readonly status: 'PENDING' | 'ERROR';
  readonly reason: string;
}

/** A value, or why there is none. */
export type Found<T> =
  | { readonly value: T; readonly obstacle?: undefined }
  | { readonly obstacle: Obstacle; readonly value?: undefined };

export function found<T>(value: T): Found<T> {
  return { value };
}
export function pending(reason: string): { readonly obstacle: Obstacle } {
  return { obstacle: { status: 'PENDING', reason } };
}
export function refused(reason: string): { readonly obstacle: Obstacle } {
  return { obstacle: { status: 'ERROR', reason } };
}
