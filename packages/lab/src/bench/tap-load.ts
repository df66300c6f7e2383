import type { Clock } from '@taas/service';
import { type Answer, KeepAliveClient } from './keep-alive-client.js';

/** How one kind of request went, all clients together. */
export interface Outcome {
  readonly seconds: number;
  readonly done: number;
  /** Answers that were none of the expected, and connections that broke. */
  readonly errors: number;
}

type Request = (client: KeepAliveClient) => Promise<Answer>;

const flows = '/v2.0/taas/tap_flows';

/** One side of the comparison: an API, a tap service there, and clients that send it the same as the other side gets. */
export class TapLoad {
  #clients: KeepAliveClient[] = [];
  #service = '';

  constructor(
    readonly name: string,
    private readonly url: string,
    private readonly clock: Clock,
  ) {}

  /** Clients with a token that neither this side nor its clients have used. */
  connect(token: string, clients: number): void {
    this.close();
    this.#clients = Array.from({ length: clients }, () => new KeepAliveClient(this.url, { 'x-auth-token': token }));
  }

  close(): void {
    for (const client of this.#clients) client.close();
    this.#clients = [];
  }

  /** @throws Error if it is refused */
  async makeService(port: string): Promise<void> {
    const body = { tap_service: { name: 'bench', port_id: port } };
    const answer = await this.#first().call('POST', '/v2.0/taas/tap_services', body);
    this.#service = idOf(answer);
  }

  create(sources: readonly string[], clients: number): Promise<Outcome> {
    const requests = sources.map((source_port): Request => {
      const tap_flow = { name: 'bench', tap_service_id: this.#service, source_port, direction: 'BOTH' };
      return (client) => client.call('POST', flows, { tap_flow });
    });
    return this.#send(requests, clients, 201);
  }

  list(times: number, clients: number): Promise<Outcome> {
    const requests = Array<Request>(times).fill((client) => client.call('GET', flows));
    return this.#send(requests, clients, 200);
  }

  show(ids: readonly string[], clients: number): Promise<Outcome> {
    const requests = ids.map(
      (id): Request =>
        (client) =>
          client.call('GET', `${flows}/${id}`),
    );
    return this.#send(requests, clients, 200);
  }

  remove(ids: readonly string[], clients: number): Promise<Outcome> {
    const requests = ids.map(
      (id): Request =>
        (client) =>
          client.call('DELETE', `${flows}/${id}`),
    );
    return this.#send(requests, clients, 204);
  }

  /** The ids of the flows that are there. */
  async ids(): Promise<string[]> {
    const answer = await this.#first().call('GET', `${flows}?fields=id`);
    const { tap_flows } = JSON.parse(answer.body) as { tap_flows: { id: string }[] };
    return tap_flows.map(({ id }) => id);
  }

  #first(): KeepAliveClient {
    const [client] = this.#clients;
    if (!client) throw new Error(`${this.name}: not connected`);
    return client;
  }

  /** Each client takes the next request as soon as it has an answer to its last one. */
  async #send(requests: readonly Request[], clients: number, expected: number): Promise<Outcome> {
    const waiting = requests.values();
    let errors = 0;
    const work = async (client: KeepAliveClient): Promise<void> => {
      for (const request of waiting) {
        const answered = await request(client).then(
          ({ status }) => status === expected,
          () => false,
        );
        if (!answered) errors += 1;
      }
    };
    const start = this.clock.monotonic();
    await Promise.all(this.#clients.slice(0, clients).map(work));
    const seconds = (this.clock.monotonic() - start) / 1_000;
    return { seconds, done: requests.length - errors, errors };
  }
}

function idOf({ status, body }: Answer): string {
  const id = /"id": ?"([0-9a-f-]{36})"/.exec(body)?.[1];
  if (status !== 201 || id === undefined) throw new Error(`create: ${status} ${body}`);
  return id;
}
