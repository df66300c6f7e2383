/** So many records are kept read; twice as many for a while. */
const most = 1_024;

/**
 * Records read from their values when somebody asks, of which the last are kept: a cloud has far more records than are looked at together,
 * and a record that has been read takes more room than its value.
 */
export class ReadRecords<E extends object, R extends object> {
  #young = new Map<E, R>();
  #old: ReadonlyMap<E, R> = new Map();

  constructor(private readonly read: (entry: E) => R) {}

  of(entry: E): R {
    const young = this.#young.get(entry);
    if (young !== undefined) return young;
    const record = this.#old.get(entry) ?? this.read(entry);
    if (this.#young.size >= most) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(entry, record);
    return record;
  }
}
