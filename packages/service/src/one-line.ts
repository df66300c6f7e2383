/** What ends a line for some reader, turns its direction, or rewrites a terminal, and JSON leaves as it is (RFC 8259, 7). */
const control = /[\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;

/**
 * JSON in one line for whoever splits it: JSON.stringify escapes ASCII's control characters alone, and Python's `splitlines`,
 * for one, ends a line at U+0085 and U+2028, too. They stand only in strings, where their escape is the same.
 */
export function oneLineJson(json: string): string {
  return json.replace(control, (each) => `\\u${each.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
