import { RuleSyntaxError } from './policy-error.js';
import { pythonText } from './python-text.js';

/** The right side of a check: text with `%(name)s` places that are filled from the target (Python's `%` operator). */
export interface Template {
  readonly text: string;
  readonly parts: readonly TemplatePart[];
}

export type TemplatePart = { readonly literal: string } | { readonly attribute: string };

/**
 * @param offset where `text` stands in its rule, for the error
 * @throws RuleSyntaxError for a `%` that is neither `%%` nor `%(name)s`: Python would fail on it in every request
 */
export function parseTemplate(text: string, offset: number): Template {
  const parts: TemplatePart[] = [];
  const placeForm = /%\(([^()]+)\)s/y;
  let literal = '';
  let at = 0;
  while (at < text.length) {
    const percent = text.indexOf('%', at);
    if (percent < 0) break;
    literal += text.slice(at, percent);
    if (text[percent + 1] === '%') {
      literal += '%';
      at = percent + 2;
      continue;
    }
    placeForm.lastIndex = percent;
    const place = placeForm.exec(text);
    if (place?.[1] === undefined) {
      throw new RuleSyntaxError('a "%" must be "%(name)s", or "%%" for the character itself', offset + percent);
    }
    if (literal !== '') parts.push({ literal });
    literal = '';
    parts.push({ attribute: place[1] });
    at = percent + place[0].length;
  }
  literal += text.slice(at);
  if (literal !== '') parts.push({ literal });
  return { text, parts };
}

/** The text with the target's attributes filled in, or null if the target lacks one (the check then fails). */
export function fillTemplate(template: Template, target: Readonly<Record<string, unknown>>): string | null {
  let filled = '';
  for (const part of template.parts) {
    if ('literal' in part) {
      filled += part.literal;
      continue;
    }
    if (!Object.hasOwn(target, part.attribute)) return null;
    const text = pythonText(target[part.attribute]);
    if (text === null) return null;
    filled += text;
  }
  return filled;
}

/** Whether the template's value is the same whatever the target. */
export function isConstant(template: Template): boolean {
  return template.parts.every((part) => 'literal' in part);
}
