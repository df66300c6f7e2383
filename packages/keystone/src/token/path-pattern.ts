/** What one place of a pattern takes. */
type Part =
  | { readonly takes: 'text'; readonly character: string }
  | { readonly takes: 'segment' }
  | { readonly takes: 'anything' };

/** Keystone's column for a rule's path has 128 characters, and its API takes 225; what is longer comes from no Keystone. */
export const longestPattern = 1024;
/** No path of a TaaS resource is nearly so long. */
export const longestPath = 1024;

/**
 * The path of an access rule, as keystonemiddleware reads it: `*` and `{name}` stand for one or more characters that are no
 * slash, `**` for any number of any. Users write patterns, and a regular expression of theirs could hang us. Here all ways
 * through the pattern are followed at once, 32 places of it in one operation.
 */
export class PathPattern {
  /** For each character of the pattern: the places that take it. */
  readonly #places = new Map<string, Uint32Array>();
  readonly #segments: Uint32Array;
  readonly #anything: Uint32Array;
  readonly #none: Uint32Array;
  readonly #end: number;
  readonly #prefix: string;

  /** @throws RangeError for a pattern longer than {@link longestPattern} */
  constructor(pattern: string) {
    if (pattern.length > longestPattern) throw new RangeError('the path of an access rule is too long');
    const parts = partsOf(pattern);
    this.#end = parts.length;
    const words = (this.#end >>> 5) + 1;
    this.#none = new Uint32Array(words);
    this.#segments = new Uint32Array(words);
    this.#anything = new Uint32Array(words);
    for (const [place, part] of parts.entries()) {
      if (part.takes === 'segment') set(this.#segments, place);
      else if (part.takes === 'anything') set(this.#anything, place);
      else {
        const places = this.#places.get(part.character) ?? new Uint32Array(words);
        set(places, place);
        this.#places.set(part.character, places);
      }
    }
    this.#prefix = textBefore(parts);
  }

  /** Whether the whole path fits; one longer than {@link longestPath} never does. Costs the path's length times the pattern's / 32. */
  matches(path: string): boolean {
    if (path.length > longestPath || !path.startsWith(this.#prefix)) return false;
    let reached = new Uint32Array(this.#none.length);
    let next = new Uint32Array(this.#none.length);
    reached[0] = 1;
    this.#skip(reached);
    for (const character of path) {
      if (!this.#step(reached, next, character)) return false;
      [reached, next] = [next, reached];
    }
    return ((reached[this.#end >>> 5] ?? 0) & (1 << (this.#end & 31))) !== 0;
  }

  /** @returns whether any way through the pattern is left after the character */
  #step(from: Uint32Array, to: Uint32Array, character: string): boolean {
    const text = this.#places.get(character) ?? this.#none;
    const segments = character === '/' ? this.#none : this.#segments;
    let carry = 0;
    let left = 0;
    for (let word = 0; word < from.length; word += 1) {
      const here = from[word] ?? 0;
      const inSegment = here & (segments[word] ?? 0);
      const onward = (here & (text[word] ?? 0)) | inSegment;
      const stay = (here & (this.#anything[word] ?? 0)) | inSegment;
      to[word] = (onward << 1) | carry | stay;
      carry = onward >>> 31;
      left |= to[word] ?? 0;
    }
    if (left === 0) return false;
    this.#skip(to);
    return true;
  }

  /** What takes anything may also take nothing. Two of those never stand side by side, so once is enough. */
  #skip(places: Uint32Array): void {
    let carry = 0;
    for (let word = 0; word < places.length; word += 1) {
      const skipped = (places[word] ?? 0) & (this.#anything[word] ?? 0);
      places[word] = (places[word] ?? 0) | (skipped << 1) | carry;
      carry = skipped >>> 31;
    }
  }
}

function set(places: Uint32Array, place: number): void {
  places[place >>> 5] = (places[place >>> 5] ?? 0) | (1 << (place & 31));
}

function partsOf(pattern: string): Part[] {
  const parts: Part[] = [];
  for (let at = 0; at < pattern.length; ) {
    const character = String.fromCodePoint(pattern.codePointAt(at) ?? 0);
    const close = character === '{' ? pattern.indexOf('}', at) : -1;
    if (pattern.startsWith('**', at)) {
      if (parts.at(-1)?.takes !== 'anything') parts.push({ takes: 'anything' });
      at += 2;
    } else if (character === '*' || close >= 0) {
      parts.push({ takes: 'segment' });
      at = close >= 0 ? close + 1 : at + 1;
    } else {
      parts.push({ takes: 'text', character });
      at += character.length;
    }
  }
  return parts;
}

function textBefore(parts: readonly Part[]): string {
  let text = '';
  for (const part of parts) {
    if (part.takes !== 'text') break;
    text += part.character;
  }
  return text;
}
