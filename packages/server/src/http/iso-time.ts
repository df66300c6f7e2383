/** The last moment that a Date can be, in ms since the epoch (ECMA-262, 21.4.1.1). */
const lastMs = 8.64e15;

/** Milliseconds since the epoch as text. Of a number that is no moment, the last one: whoever wrote it must not stop a list. */
export function isoTime(ms: number): string {
  return new Date(Math.min(Math.max(Number.isNaN(ms) ? 0 : ms, -lastMs), lastMs)).toISOString();
}
