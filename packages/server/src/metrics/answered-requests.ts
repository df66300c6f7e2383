import type { Sample } from '@taas/service';

/** Methods that are told apart; a client can make up any number of others. */
const methods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/** Counts the answers of the API by method and status: a bounded number of figures, whatever clients send. */
export class AnsweredRequests {
  readonly #counts = new Map<string, { readonly labels: Readonly<Record<string, string>>; value: number }>();

  note(method: string, status: number): void {
    const labels = { method: methods.has(method) ? method : 'other', status: String(status) };
    const key = `${labels.method} ${labels.status}`;
    const count = this.#counts.get(key) ?? { labels, value: 0 };
    count.value += 1;
    this.#counts.set(key, count);
  }

  samples(): Iterable<Sample> {
    return this.#counts.values();
  }
}
