import { asLine } from '@taas/model';
import { type Logger, News } from '@taas/service';

/** What fails for one tap, port or node: logged, counted for /readyz, and kept from the others. */
export class Contained {
  failures = 0;
  #latest: { readonly party: string; readonly cause: string } | null = null;
  readonly #news = new News();

  constructor(private readonly logger: Logger) {}

  /** @param party whose matter it is, for people */
  note(party: string, error: unknown): void {
    this.failures += 1;
    const cause = asLine(error instanceof Error ? error.message : String(error));
    this.#latest = { party, cause };
    if (this.#news.isNew(party, cause))
      this.logger.error({ party, cause: error }, 'this failed for one of many, and the rest goes on');
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

  /** For /readyz. */
  facts(): Readonly<Record<string, unknown>> {
    return { contained: { failures: this.failures, latest: this.#latest } };
  }
}
