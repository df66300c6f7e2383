/** The rows of a page's tables, without their heads, as cells without blanks around; by the heading above them. */
export function tablesOf(page: string): ReadonlyMap<string, readonly (readonly string[])[]> {
  const tables = new Map<string, string[][]>();
  let heading = '';
  let body: string[][] | null = null;
  for (const line of page.split('\n')) {
    if (line.startsWith('#')) heading = line.replace(/^#+ /, '');
    if (!line.startsWith('|')) {
      body = null;
      continue;
    }
    const cells = line
      .slice(1, -1)
      .split(/(?<!\\)\|/)
      .map((cell) => cell.trim().replaceAll('\\|', '|'));
    if (cells.every((cell) => /^-+$/.test(cell))) {
      body = tables.get(heading) ?? [];
      tables.set(heading, body);
    } else body?.push(cells);
  }
  return tables;
}

/** A cell's text without the marks of code. */
export const plain = (cell: string | undefined): string => (cell ?? '').replaceAll('`', '');
