import { ownText } from './record-value.js';

/** So many texts are known: more than there are nodes, projects and tap services together in any cloud that was measured. */
const most = 65_536;

/** Texts that many records name: each record brings one of its own, and they are kept once. */
export class SharedTexts {
  readonly #known = new Map<string, string>();

  of(text: string): string {
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    const own = ownText(text);
    if (this.#known.size >= most) this.#known.clear();
    this.#known.set(own, own);
    return own;
  }
}
