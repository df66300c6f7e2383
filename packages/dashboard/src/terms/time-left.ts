/** How long before its end the page warns of it, in ms. */
export const warnMs = 3_600_000;

const units = [
  { word: 'd', ms: 86_400_000 },
  { word: 'h', ms: 3_600_000 },
  { word: 'min', ms: 60_000 },
] as const;

/** How long something is there yet, cut to its two largest units: 2 d 3 h. */
export function timeLeft(end: string, now: number): { readonly text: string; readonly soon: boolean } {
  const left = Date.parse(end) - now;
  if (left <= 0) return { text: 'over', soon: true };
  let rest = left;
  const parts = units.map(({ word, ms }) => {
    const count = Math.floor(rest / ms);
    rest -= count * ms;
    return { word, count };
  });
  const first = parts.findIndex(({ count }) => count > 0);
  const shown = first < 0 ? [] : parts.slice(first, first + 2).filter(({ count }) => count > 0);
  const text = shown.map(({ word, count }) => `${count} ${word}`).join(' ') || 'less than a minute';
  return { text, soon: left <= warnMs };
}
