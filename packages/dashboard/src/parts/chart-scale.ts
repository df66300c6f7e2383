/** The end of an axis that holds `most`: 1, 2 or 5 times a power of ten, and never 0. */
export function niceEnd(most: number): number {
  if (!(most > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(most));
  const times = [1, 2, 5, 10].find((each) => each * power >= most) ?? 10;
  return times * power;
}

export interface Box {
  readonly width: number;
  readonly height: number;
}

/** The points of a line, as SVG has them. @param from, to the ends of the other axis */
export function linePoints(
  values: readonly { readonly at: number; readonly value: number }[],
  { width, height }: Box,
  from: number,
  to: number,
  most: number,
): string {
  const across = (at: number) => (to > from ? ((at - from) / (to - from)) * width : width);
  return values.map(({ at, value }) => `${round(across(at))},${round(height - (value / most) * height)}`).join(' ');
}

const round = (value: number): number => Math.round(value * 10) / 10;
