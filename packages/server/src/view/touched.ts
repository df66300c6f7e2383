/** What an event was about: where the compiler has to look. */
export class Touched {
  readonly services = new Set<string>();
  /** Ports whose role record may have lost its last user. */
  readonly ports = new Set<string>();
  /** A segment was given back: tap services that wait for one may have it. */
  segmentsFreed = false;
}
