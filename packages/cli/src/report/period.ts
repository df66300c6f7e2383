import { CliError } from '../exit-codes.js';

const units = { h: 3_600_000, d: 86_400_000, w: 7 * 86_400_000 } as const;
const longestDays = 36_500;

/**
 * When a period begins: so long ago (`12h`, `30d`, `4w`), or at a time (`2026-11-01`, `2026-11-01T08:00:00Z`).
 * @param now milliseconds since 1970
 * @returns milliseconds since 1970
 * @throws CliError usage
 */
export function periodStart(text: string, now: number): number {
  const [, count, unit] = /^(\d{1,6})([hdw])$/.exec(text) ?? [];
  const at =
    count !== undefined && (unit === 'h' || unit === 'd' || unit === 'w')
      ? now - Number(count) * units[unit]
      : /^\d{4}-\d{2}-\d{2}/.test(text)
        ? Date.parse(text)
        : Number.NaN;
  if (Number.isNaN(at) || at > now || at < now - longestDays * units.d)
    throw new CliError('usage', `--since "${text}" is no time before now: write 30d, 12h, 4w or 2026-11-01T08:00:00Z`);
  return at;
}
