/** A value that may be replaced while the program runs: whoever uses it reads `current` each time, and keeps no copy. */
export interface Watched<T> {
  readonly current: T;
  /** Calls `listener` with each value that replaces the current one. */
  onChange(listener: (value: T) => void): void;
}

/** A value that stays, where one that may be replaced is asked for. */
export function fixed<T>(value: T): Watched<T> {
  return { current: value, onChange: () => undefined };
}
