/** What moves the cursor, colours, rings, ends a line or turns the direction of text: a name may hold any of it. */
const dangerous =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\ufffe-\uffff]/g;

/** A text of a stranger as a terminal can show it in one line: what is dangerous stands as its escape. */
export function printable(text: string): string {
  return text
    .replace(/\p{Cs}/gu, '\ufffd')
    .replace(dangerous, (each) => `\\u${each.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** As {@link printable}, and line feeds stay: for messages of several lines. */
export const printableLines = (text: string): string => text.split('\n').map(printable).join('\n');

export const hasDangerous = (text: string): boolean => text.search(dangerous) >= 0;
