/** One line of the demo's table: what a flow should have copied in one direction, and what it did. */
export interface FlowResult {
  readonly flow: string;
  readonly direction: 'IN' | 'OUT';
  /** Frames that crossed the tapped port in this direction. */
  readonly sent: number;
  /** Of these, how many the flow's direction asks for. */
  readonly expected: number;
  readonly copied: number;
  readonly lost: number;
  readonly duplicated: number;
}

export interface DemoVerdict {
  readonly ok: boolean;
  /** `OK`, or `FAILED: why`. */
  readonly text: string;
}

const columns = ['flow', 'direction', 'sent', 'expected', 'copied', 'lost', 'duplicated'] as const;

/** The table as lines of text, numbers to the right. */
export function renderTable(results: readonly FlowResult[]): string[] {
  const rows = results.map((result) => columns.map((column) => String(result[column])));
  const widths = columns.map((column, i) => Math.max(column.length, ...rows.map((row) => row[i]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, i) => (i < 2 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
      .join('  ')
      .trimEnd();
  return [line(columns), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)];
}

/** @param foreign frames that the collector got though no flow should have copied them */
export function judge(results: readonly FlowResult[], foreign: number): DemoVerdict {
  const sum = (pick: (result: FlowResult) => number) => results.reduce((total, result) => total + pick(result), 0);
  const problems = [
    [sum((r) => r.lost), 'lost'],
    [sum((r) => r.duplicated), 'duplicated'],
    [foreign, 'that nobody asked for'],
  ] as const;
  const found = problems.filter(([count]) => count > 0).map(([count, what]) => `${count} frames ${what}`);
  if (sum((r) => r.expected) === 0) found.push('no frame was expected, so nothing was shown');
  return found.length === 0 ? { ok: true, text: 'OK' } : { ok: false, text: `FAILED: ${found.join(', ')}` };
}
