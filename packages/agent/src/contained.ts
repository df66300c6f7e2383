import { type Logger, News } from '@taas/service';
import { VppCodecError, VppDisconnectedError, VppError, VppRetvalError } from 'vpp-api';
import type { Counters } from './counters.js';

/** Whether an error ends a reconcile pass; any other is the matter of one tap, or of one object of VPP. */
export type EndsPass = (error: unknown) => boolean;

/** Without a connection there is nothing left to do for anybody. */
export const lossOfVpp: EndsPass = (error) => error instanceof VppDisconnectedError;

/** VPP does not answer: nothing is known of any object. What it says of one, and that it refuses, is about that one. */
export const silenceOfVpp: EndsPass = (error) =>
  error instanceof VppError && !(error instanceof VppCodecError) && !(error instanceof VppRetvalError);

export interface ContainedOptions {
  readonly logger: Logger;
  readonly counters: Pick<Counters, 'failures'>;
  /** A seam for tests: what an agent would do that contains nothing. */
  readonly ends?: EndsPass | undefined;
}

/** What fails for one party: logged, counted, and kept from the others. */
export class Contained {
  /** What ends a pass while VPP is read. */
  readonly ends: EndsPass;
  /** What ends one while VPP is written, or looked at for something that can wait. */
  readonly endsWork: EndsPass;
  readonly #news = new News();

  constructor(private readonly options: ContainedOptions) {
    this.ends = options.ends ?? silenceOfVpp;
    this.endsWork = options.ends ?? lossOfVpp;
  }

  /**
   * @param party whose matter it is, for people
   * @throws the error, if it ends the pass
   */
  note(party: string, error: unknown, ends: EndsPass = this.ends): void {
    if (ends(error)) throw error;
    const { logger, counters } = this.options;
    counters.failures++;
    const cause = error instanceof Error ? error.message : String(error);
    if (this.#news.isNew(party, cause)) logger.warn({ party, cause }, 'this failed, and the rest goes on');
  }

  /** @returns what the work returns, or `otherwise` */
  attempt<T>(party: string, work: () => T, otherwise: T): T {
    try {
      return work();
    } catch (error) {
      this.note(party, error);
      return otherwise;
    }
  }

  async attemptAsync<T>(party: string, work: () => Promise<T>, otherwise: T, ends: EndsPass = this.ends): Promise<T> {
    try {
      return await work();
    } catch (error) {
      this.note(party, error, ends);
      return otherwise;
    }
  }
}
