export interface Block {
  /** What stands behind the fence: `sh`, `sh vpp`. */
  readonly kind: string;
  readonly text: string;
  /** The block `text` that follows it with nothing but an empty line between; empty if there is none. */
  readonly output: string;
}

/** The fenced blocks of a page in Markdown, but for those that show what others write. */
export function blocksOf(page: string): Block[] {
  const all = [...page.matchAll(/^```(\S[^\n]*)\n(.*?)^```$(\n\n```text\n(.*?)^```$)?/gms)];
  return all.map(([, kind = '', text = '', , output = '']) => ({ kind, text, output }));
}
