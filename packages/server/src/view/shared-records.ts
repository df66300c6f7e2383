/** So many values are known, of records that few values have. */
const most = 4_096;

/** Records that are the same for the same value: they are read once, and kept once. */
export class SharedRecords<R> {
  readonly #byValue = new Map<string, R>();

  /** @param read reads a value that is not known; what it throws is passed on */
  of(value: string, read: (value: string) => R): R {
    const known = this.#byValue.get(value);
    if (known !== undefined) return known;
    const record = read(value);
    if (this.#byValue.size >= most) this.#byValue.clear();
    this.#byValue.set(value, record);
    return record;
  }
}
