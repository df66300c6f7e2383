import { VppError } from '../errors.js';

/**
 * Why the statistics segment could not be read: `unreachable` (no such process, no segment among its files, no right to open
 * it), `unsupported` (a layout of another version), `busy` (VPP changed its directory during each of our tries), `malformed`
 * (a pointer or a length that leads out of the segment).
 */
export type StatsProblem = 'unreachable' | 'unsupported' | 'busy' | 'malformed';

/** VPP's statistics segment cannot be read. Nothing in VPP depends on that. */
export class VppStatsError extends VppError {
  readonly code = 'VPP_STATS';
  constructor(
    readonly problem: StatsProblem,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
