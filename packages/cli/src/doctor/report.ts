import type { Paint } from '../output/colour.js';
import { formatValue } from '../output/format.js';
import { printable } from '../output/printable.js';
import type { Examined } from './checks.js';
import type { Verdict } from './finding.js';

export const reportFormats = ['text', 'json', 'junit'] as const;
export type ReportFormat = (typeof reportFormats)[number];

const marks = { ok: ['green', 'ok'], problem: ['red', 'PROBLEM'], unknown: ['yellow', 'unknown'] } as const;

export function formatReport(examined: readonly Examined[], format: ReportFormat, paint: Paint): string {
  if (format === 'json') return formatValue(examined, 'json');
  return format === 'junit' ? junit(examined) : text(examined, paint);
}

/** A line for each check; what is not well has its evidence and what mends it below. */
function text(examined: readonly Examined[], paint: Paint): string {
  const lines = examined.flatMap(({ id, title, verdict, findings }) => {
    const [colour, word] = marks[verdict];
    const details = findings
      .filter((each) => each.verdict !== 'ok')
      .flatMap(({ verdict: own, about, evidence, mend }) => [
        `    ${own === verdict ? '' : `${marks[own][1]}: `}${printable(about)}: ${printable(evidence)}`,
        ...(mend === '' ? [] : [`      mend: ${printable(mend)}`]),
      ]);
    return [`${id}  ${paint(colour, word.padEnd(7))}  ${title}`, ...details];
  });
  const count = (verdict: Verdict) => examined.filter((each) => each.verdict === verdict).length;
  return [
    ...lines,
    `${examined.length} checks: ${count('ok')} ok, ${count('problem')} problems, ${count('unknown')} unknown`,
    '',
  ].join('\n');
}

/** As CI systems read it: a problem is a failure, and what is unknown an error. */
function junit(examined: readonly Examined[]): string {
  const count = (verdict: Verdict) => examined.filter((each) => each.verdict === verdict).length;
  const cases = examined.map(({ id, title, verdict, findings }) => {
    const name = `    <testcase classname="taas.doctor" name="${xml(`${id} ${title}`)}"`;
    if (verdict === 'ok') return `${name}/>`;
    const told = findings.filter((each) => each.verdict !== 'ok');
    const element = verdict === 'problem' ? 'failure' : 'error';
    const lines = told.map(({ about, evidence, mend }) => `${about}: ${evidence}\nmend: ${mend}`).map(xml);
    return `${name}>\n      <${element} message="${xml(told[0]?.evidence ?? '')}">${lines.join('\n')}</${element}>\n    </testcase>`;
  });
  const totals = `tests="${examined.length}" failures="${count('problem')}" errors="${count('unknown')}"`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites ${totals}>`,
    `  <testsuite name="taas doctor" ${totals}>`,
    ...cases,
    '  </testsuite>',
    '</testsuites>',
    '',
  ].join('\n');
}

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
/** What XML 1.0 cannot hold stands as a printable escape. */
const xml = (given: string): string =>
  given
    .split('\n')
    .map(printable)
    .join('\n')
    .replace(/[&<>"]/g, (each) => entities[each] ?? each);
