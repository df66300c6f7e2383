import { hasDangerous, printable } from '../output/printable.js';
import type { Row } from './rows.js';

/**
 * Rows as CSV (RFC 4180), with a head. Names are tenants', and a spreadsheet takes a cell for a formula by its first character:
 * such a cell gets an apostrophe before it.
 */
export function csv(head: readonly string[], rows: readonly Row[]): string {
  const lines = [head, ...rows.map((row) => row.map(([, text]) => text))];
  return lines.map((cells) => `${cells.map(cell).join(',')}\r\n`).join('');
}

function cell(text: string): string {
  const shown = hasDangerous(text) ? printable(text) : text;
  // A number may be below 0.
  const safe = /^[=+@\t\r-]/.test(shown) && !/^-\d+(\.\d+)?$/.test(shown) ? `'${shown}` : shown;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
