import { CliError } from '../exit-codes.js';

const units = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 7 * 86_400_000 } as const;
const longestDays = 36_500;

/**
 * When a tap is to end: in so long (`90m`, `2h`, `30d`, `4w`), at a time with its zone, or `never`.
 * @param now milliseconds since 1970, by the clock of this machine
 * @returns as `expires_at` of the API has it
 * @throws CliError usage
 */
export function endOf(text: string, now: number): string | null {
  if (text === 'never') return null;
  const [, count, unit] = /^(\d{1,7})([mhdw])$/.exec(text) ?? [];
  if (count !== undefined && (unit === 'm' || unit === 'h' || unit === 'd' || unit === 'w')) {
    const ms = Number(count) * units[unit];
    if (ms > 0 && ms <= longestDays * units.d) return new Date(now + ms).toISOString();
  }
  // The API says the rest of what is wrong with it; without a zone nobody knows which one is meant.
  if (/^\d{4}-\d{2}-\d{2}T[\d:.]+(Z|[+-]\d{2}:\d{2})$/.test(text)) return text;
  throw new CliError('usage', `--expires "${text}" is no end: write 90m, 2h, 30d, 2026-12-01T08:00:00Z, or never`);
}
