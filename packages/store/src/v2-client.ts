import { EndpointRing } from './endpoint-ring.js';
import { toStoreError } from './etcd-errors.js';
import type { EtcdSettings } from './etcd-options.js';
import { StoreError } from './store-error.js';
import { type V2Answer, V2Endpoint } from './v2-endpoint.js';
import { entriesOf, parseAction, type V2Action, type V2Entry, type V2Index } from './v2-event.js';

/** Where the answer came from, to see that it is the same cluster, and not one of its past. */
export interface V2Origin {
  readonly index: V2Index;
  readonly clusterId: string;
}

export type V2News =
  | { readonly kind: 'action'; readonly origin: V2Origin; readonly action: V2Action }
  /** Nothing has happened for a while. */
  | { readonly kind: 'silence'; readonly origin: V2Origin }
  /** etcd has forgotten some of what has happened since: it remembers 1,000 events of all keys. */
  | { readonly kind: 'cleared' };

/** etcd's v2 API as far as a follower needs it, at the endpoint in use. Each method throws StoreError, or the signal's reason. */
export class V2Client {
  readonly #ring: EndpointRing<V2Endpoint>;
  #closed = false;

  constructor(readonly settings: EtcdSettings) {
    const endpoints = settings.urls.map((url) => new V2Endpoint(url, settings));
    this.#ring = new EndpointRing(endpoints, settings.logger);
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** All keys below a directory, none if there is no such directory, as the cluster's majority has them. */
  async list(directory: string, signal: AbortSignal): Promise<V2Origin & { readonly entries: readonly V2Entry[] }> {
    const answer = await this.#ask(`${pathOf(directory)}?recursive=true&quorum=true`, 'usual', signal);
    if (answer.error === 'not-found') return { ...answer, entries: [] };
    return { ...answer, entries: entriesOf(parseAction(answer.body ?? '').node) };
  }

  /** The first thing that happened below a directory at an index or later; waits for it. */
  async next(directory: string, from: V2Index, signal: AbortSignal): Promise<V2News> {
    const query = `?wait=true&recursive=true&waitIndex=${from}`;
    const { body, error, ...origin } = await this.#ask(`${pathOf(directory)}${query}`, 'patient', signal);
    if (error === 'cleared') return { kind: 'cleared' };
    if (body === null) return { kind: 'silence', origin };
    return { kind: 'action', origin, action: parseAction(body) };
  }

  /** Fails unless the server in use is one with its cluster: a member cut off from the others goes on to answer watches. */
  confirm(directory: string, signal: AbortSignal): Promise<V2Origin> {
    // A key that nobody has, so that the answer is short.
    return this.#ask(`${pathOf(directory)}-?quorum=true`, 'usual', signal);
  }

  close(): void {
    this.#closed = true;
    this.#ring.close();
  }

  async #ask(
    path: string,
    patience: 'usual' | 'patient',
    signal: AbortSignal,
  ): Promise<V2Origin & { readonly body: string | null; readonly error: V2Refusal | null }> {
    if (this.#closed) throw new StoreError('closed', 'the follower was closed');
    const endpoint = this.#ring.current();
    try {
      const { requestTimeoutMs, watchSilenceMs } = this.settings;
      const silenceMs = patience === 'patient' ? watchSilenceMs : requestTimeoutMs;
      const answer = await endpoint.get(path, silenceMs, signal);
      if (answer.body === null && patience === 'usual')
        throw new StoreError('unavailable', `etcd at ${endpoint.url} began to answer and then fell silent`);
      const { index, clusterId, body } = answer;
      return { index, clusterId, body, error: refusalIn(answer, endpoint.url) };
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      const failure = toStoreError(error, endpoint.url);
      this.#ring.failed(endpoint, failure);
      throw failure;
    }
  }
}

type V2Refusal = 'not-found' | 'cleared';

/** etcd's codes of errors (error/error.go of etcd 2). */
const refusals: Readonly<Record<number, V2Refusal>> = { 100: 'not-found', 401: 'cleared' };

/** @throws StoreError for any answer that is neither what was asked for nor one of the two refusals */
function refusalIn({ status, body }: V2Answer, url: string): V2Refusal | null {
  if (status === 200) return null;
  const { code, message } = errorIn(body ?? '');
  const known = refusals[code];
  if (known !== undefined) return known;
  if (status === 401 || status === 403)
    throw new StoreError('denied', `etcd at ${url}: ${message}; the v2 API has users and roles of its own`);
  if (status === 404)
    throw new StoreError('invalid', `etcd at ${url} does not serve the v2 API; etcd 3.4 and 3.5 do with --enable-v2`);
  throw new StoreError('unavailable', `etcd at ${url}: status ${status}: ${message}`);
}

function errorIn(body: string): { readonly code: number; readonly message: string } {
  try {
    const { errorCode, message } = JSON.parse(body) as { errorCode?: unknown; message?: unknown };
    return { code: Number(errorCode ?? 0), message: String(message ?? '') };
  } catch {
    // Not one of etcd's own errors: a proxy's page, or that of an etcd without the v2 API.
    return { code: 0, message: 'an answer without a reason' };
  }
}

/** With a slash at the end, which the v2 API's roles need: they allow `/directory/*`, and compare the path as it was sent. */
function pathOf(directory: string): string {
  return `/v2/keys${directory.split('/').map(encodeURIComponent).join('/')}/`;
}
