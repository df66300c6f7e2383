/** What an event was about: where the compiler has to look. */
export class Touched {
  /** A snapshot has taken the place of all that was known. */
  whole = false;
  readonly services = new Set<string>();
  readonly mirrors = new Set<string>();
  /** Ports of which a use may have begun or ended, or what is written of them has changed. */
  readonly ports = new Set<string>();
  /** A segment was given back: tap services that wait for one may have it. */
  segmentsFreed = false;
}
