const units = ['', 'k', 'M', 'G', 'T'] as const;

/** A number with at most three digits that matter: 12.3 k. */
export function short(value: number): string {
  let at = 0;
  let rest = value;
  while (Math.abs(rest) >= 1000 && at < units.length - 1) {
    rest /= 1000;
    at += 1;
  }
  const digits = at === 0 ? (Number.isInteger(rest) ? 0 : 1) : Math.abs(rest) < 10 ? 2 : Math.abs(rest) < 100 ? 1 : 0;
  const unit = units[at] ?? '';
  return unit === '' ? rest.toFixed(digits) : `${rest.toFixed(digits)} ${unit}`;
}

export const bytes = (value: number): string => {
  const text = short(value);
  return /[a-z]$/i.test(text) ? `${text}B` : `${text} B`;
};

/** Rounded down, as the API's own figure is: 100 % is all. */
export function percent(share: number): string {
  if (share === 1) return '100 %';
  const cut = Math.floor(share * 10_000) / 100;
  return `${cut.toFixed(cut < 99 ? 1 : 2)} %`;
}

export const timeOfDay = (iso: string): string => new Date(iso).toLocaleTimeString();
export const dateAndTime = (iso: string): string => new Date(iso).toLocaleString();

/** @param at in ms since 1970 */
export function timeWithMs(at: number): string {
  const parts = { hour: '2-digit', minute: '2-digit', second: '2-digit', fractionalSecondDigits: 3 } as const;
  return new Date(at).toLocaleTimeString(undefined, parts);
}
