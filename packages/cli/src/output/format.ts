import { Document, Scalar, visit } from 'yaml';
import type { Format } from './format-names.js';
import { hasDangerous, printable } from './printable.js';
import { table } from './table.js';

export interface Column<Row> {
  readonly name: string;
  readonly of: (row: Row) => string;
  /** In format `wide` alone. */
  readonly wide?: boolean;
}

/** A list of things: columns for people and for shells, everything that is known for programs. */
export function formatList<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  whole: (row: Row) => unknown,
  format: Format,
): string {
  if (format === 'json' || format === 'yaml') return formatValue(rows.map(whole), format);
  const shown = columns.filter(({ wide }) => wide !== true || format === 'wide');
  const cells = rows.map((row) => shown.map(({ of }) => printable(of(row))));
  if (format === 'value') return cells.map((line) => `${line.join('\t')}\n`).join('');
  return table(
    shown.map(({ name }) => name),
    cells,
  );
}

/** One thing: a line for each of its fields. `fields` limits and orders what `table` and `value` show. */
export function formatOne(fields: Readonly<Record<string, unknown>>, format: Format): string {
  if (format === 'json' || format === 'yaml') return formatValue(fields, format);
  const cells = Object.entries(fields).map(([name, value]) => [printable(name), printable(cell(value))]);
  return format === 'value' ? cells.map(([, value]) => `${value}\n`).join('') : table(['field', 'value'], cells);
}

/** Any value as JSON or YAML, with every dangerous character escaped. */
export function formatValue(value: unknown, format: 'json' | 'yaml'): string {
  if (format === 'json') return `${printableJson(JSON.stringify(value, null, 2))}\n`;
  const document = new Document(value, { aliasDuplicateObjects: false });
  visit(document, {
    Scalar(_, scalar) {
      if (typeof scalar.value === 'string' && hasDangerous(scalar.value)) scalar.type = Scalar.QUOTE_DOUBLE;
    },
  });
  return printableJson(document.toString({ lineWidth: 0 }));
}

/** Line feeds in JSON and YAML of ours are between the values; in them they are escaped already. */
const printableJson = (text: string) => text.split('\n').map(printable).join('\n');

export function cell(value: unknown): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
