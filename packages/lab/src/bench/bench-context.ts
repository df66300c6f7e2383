import type { Clock } from '@taas/service';
import type { VppBinary } from '../vpp-process.js';

/** What a benchmark may use. */
export interface BenchContext {
  /** A folder of its own, gone afterwards. */
  readonly directory: string;
  readonly clock: Clock;
  /** Undefined: the simulator, and `vppMissing` says why. */
  readonly vpp: VppBinary | undefined;
  readonly vppMissing: string;
  readonly etcd: string;
  /** A checkout of an earlier state, built, to measure beside this one. */
  readonly before?: string;
  say(line: string): void;
}
