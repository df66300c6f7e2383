/** Which lines of a long list are drawn. */
export interface VirtualWindow {
  readonly first: number;
  /** Not drawn any more. */
  readonly end: number;
}

/** Lines drawn above and below what is seen, so that a quick scroll finds them there. */
const beyond = 12;

/** @param top how far the list is scrolled, in the unit of `lineHeight` */
export function virtualWindow(top: number, height: number, lineHeight: number, lines: number): VirtualWindow {
  const at = Math.floor(Math.max(0, top) / lineHeight);
  const seen = Math.ceil(height / lineHeight) + 1;
  const first = Math.max(0, Math.min(at, lines - seen) - beyond);
  return { first, end: Math.min(lines, Math.max(0, Math.min(at, lines - seen)) + seen + beyond) };
}
