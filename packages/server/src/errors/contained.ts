import { asLine } from '@taas/model';
import type { Logger } from '@taas/service';

/** As many parties are remembered, so that what fails again and again is logged once. */
const mostSaid = 1_000;

/** What fails for one tap, port or node: logged, counted for /readyz, and kept from the others. */
export class Contained {
  failures = 0;
  #latest: { readonly party: string; readonly cause: string } | null = null;
  readonly #said = new Map<string, string>();

  constructor(private readonly logger: Logger) {}

  /** @param party whose matter it is, for people */
  note(party: string, error: unknown): void {
    this.failures += 1;
    const cause = asLine(error instanceof Error ? error.message : String(error));
    this.#latest = { party, cause };
    if (this.#said.get(party) === cause) return;
    if (this.#said.size >= mostSaid) this.#said.clear();
    this.#said.set(party, cause);
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
