import type { Observe, Sample } from '@taas/service';

/** A request that the API has answered. */
export interface AnsweredRequest {
  readonly method: string;
  /** Of a bounded number, whatever clients ask for. */
  readonly resource: string;
  readonly status: number;
  readonly seconds: number;
}

/** Methods that are told apart; a client can make up any number of others. */
const methods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/** Counts the answers of the API by method, resource and status: a bounded number of figures, whatever clients send. */
export class AnsweredRequests {
  readonly #counts = new Map<string, { readonly labels: Readonly<Record<string, string>>; value: number }>();

  /** @param observe told how long each took */
  constructor(private readonly observe?: Observe) {}

  note({ method: given, resource, status, seconds }: AnsweredRequest): void {
    const method = methods.has(given) ? given : 'other';
    const key = `${method} ${resource} ${status}`;
    const count = this.#counts.get(key) ?? { labels: { method, resource, status: String(status) }, value: 0 };
    count.value += 1;
    this.#counts.set(key, count);
    this.observe?.({ method, resource }, seconds);
  }

  samples(): Iterable<Sample> {
    return this.#counts.values();
  }
}
