import { type Check, printCheck } from './check.js';
import { type Evaluation, judge } from './evaluate.js';

const words: Readonly<Record<string, string>> = { true: 'yes', false: 'no', null: 'not known' };

/** For a log: the rule's text with the outcome of each check, referred rules opened: `role:member(yes) and ...`. */
export function explainCheck(check: Check, evaluation: Evaluation): string {
  switch (check.kind) {
    case 'rule': {
      const referred = evaluation.rule(check.name);
      return `rule:${check.name}${referred === undefined ? '(undefined)' : `[${explainCheck(referred, evaluation)}]`}`;
    }
    case 'not':
      return `not ${operand(check.check, evaluation)}`;
    case 'and':
    case 'or':
      return check.checks.map((part) => operand(part, evaluation)).join(` ${check.kind} `);
    default:
      return `${printCheck(check)}(${words[String(judge(check, evaluation))]})`;
  }
}

function operand(check: Check, evaluation: Evaluation): string {
  const text = explainCheck(check, evaluation);
  return check.kind === 'and' || check.kind === 'or' ? `(${text})` : text;
}
