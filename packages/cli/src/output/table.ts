/** A table as text: a line of names, a rule, a line for each row. Cells are printable already. */
export function table(names: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = names.map((name, n) => rows.reduce((most, row) => Math.max(most, width(row[n] ?? '')), width(name)));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, n) => cell + ' '.repeat(Math.max(0, (widths[n] ?? 0) - width(cell))))
      .join('  ')
      .trimEnd();
  return [line(names), line(widths.map((each) => '-'.repeat(each))), ...rows.map(line)]
    .map((each) => `${each}\n`)
    .join('');
}

/** Code points, without what colours them. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: our own colours
const width = (text: string) => [...text.replace(/\u001b\[[0-9;]*m/g, '')].length;
