import type { ApiConnection } from './connection.js';
import type { VppCodecError, VppDisconnectedError } from './errors.js';
import type { Endpoint } from './exchange.js';
import type { Health, HealthMonitor } from './health.js';
import type { FieldValues } from './message-codec.js';
import type { MessageResolver } from './message-resolver.js';
import type {
  DetailsFields,
  DumpFields,
  DumpName,
  EventFields,
  EventName,
  MessageSet,
  ReplyFields,
  RequestFields,
  RequestName,
} from './message-set.js';
import type { Schema } from './schema.js';

export interface RequestOptions {
  readonly signal?: AbortSignal;
  /** From the call to the reply, waiting for a free place included. Default: the client's `requestTimeoutMs`. */
  readonly timeoutMs?: number;
}

export interface DumpOptions extends RequestOptions {
  /** More details than this fail the dump. Default: the client's `maxDetails`. */
  readonly maxDetails?: number;
  /**
   * Called with each details that cannot be read, which is then left out: what is wrong, and the fields before the one that does
   * not fit. Without it such a details fails the dump. What it throws fails the dump, too.
   */
  readonly unreadable?: UnreadableDetails;
}

export type UnreadableDetails = (error: VppCodecError, known: Readonly<Record<string, unknown>>) => void;

export interface VppVersion {
  readonly program: string;
  readonly version: string;
  readonly buildDate: string;
  readonly buildDirectory: string;
}

/** A connection to one VPP. All promises reject with a `VppError` or with the reason of the signal given. */
export interface VppClient<M extends MessageSet> {
  readonly version: VppVersion;
  /** VPP's own definitions, for what is not in `M`. */
  readonly definitions: Schema;
  readonly health: Health;
  /** Settles when the connection has ended: undefined after `close()`, else why. Never rejects. */
  readonly closed: Promise<VppDisconnectedError | undefined>;
  /** Requests and dumps sent and not yet answered. */
  readonly inFlight: number;
  /** Whether VPP has a message in the form that `M` gives it: to be asked of those that `M` says are optional. */
  has(name: RequestName<M> | DumpName<M>): boolean;
  /** Sends one request. Rejects with `VppRetvalError` if VPP refuses it. */
  request<N extends RequestName<M>>(
    name: N,
    fields: RequestFields<M, N>,
    options?: RequestOptions,
  ): Promise<ReplyFields<M, N>>;
  /** Sends a dump and collects its details, in VPP's order. Rejects with `VppDumpTooLargeError` beyond `maxDetails`. */
  dump<N extends DumpName<M>>(
    name: N,
    fields: DumpFields<M, N>,
    options?: DumpOptions,
  ): Promise<readonly DetailsFields<M, N>[]>;
  /** Calls `listener` for each such event until disposed of. VPP only sends those that a `want_…` request asked for. */
  on<N extends EventName<M>>(name: N, listener: (event: EventFields<M, N>) => void): Disposable;
  onHealth(listener: (health: Health) => void): Disposable;
  /** A control_ping: resolves when VPP has answered everything sent before. */
  ping(options?: RequestOptions): Promise<void>;
  /** Ends the connection; what is in flight fails with `VppDisconnectedError`. Resolves when it has ended. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface ClientParts {
  readonly connection: ApiConnection;
  readonly definitions: Schema;
  readonly version: VppVersion;
  readonly health: HealthMonitor;
  readonly messages: MessageResolver;
  /** As {@link Compatibility} has it. */
  readonly usable: ReadonlySet<string>;
  readonly requestTimeoutMs: number;
  readonly maxDetails: number;
  readonly onProblem: (error: Error) => void;
  /** Ends the connection the way VPP wants it. */
  readonly close: () => void;
}

type Listener = (event: FieldValues) => void;

/** The untyped inside of `VppClient`; `connect` gives it its types. */
export class Client {
  readonly #parts: ClientParts;
  readonly #listeners = new Map<string, Set<Listener>>();

  constructor(parts: ClientParts) {
    this.#parts = parts;
  }

  get version(): VppVersion {
    return this.#parts.version;
  }

  get definitions(): Schema {
    return this.#parts.definitions;
  }

  get health(): Health {
    return this.#parts.health.state;
  }

  get closed(): Promise<VppDisconnectedError | undefined> {
    return this.#parts.connection.closed;
  }

  get inFlight(): number {
    return this.#parts.connection.inFlight;
  }

  has(name: string): boolean {
    return this.#parts.usable.has(name);
  }

  request(name: string, fields: FieldValues, options?: RequestOptions): Promise<FieldValues> {
    const { connection, messages } = this.#parts;
    const route = messages.request(name);
    return connection.request(route.request, route.reply, fields, this.#exchangeOptions(options));
  }

  dump(name: string, fields: FieldValues, options?: DumpOptions): Promise<readonly FieldValues[]> {
    const { connection, messages } = this.#parts;
    const ping = messages.request('control_ping');
    const route = messages.dump(name);
    return connection.dump(
      route.request,
      { details: route.details, ping: ping.request, pingReply: ping.reply },
      fields,
      {
        ...this.#exchangeOptions(options),
        maxDetails: options?.maxDetails ?? this.#parts.maxDetails,
        unreadable: options?.unreadable,
      },
    );
  }

  on(name: string, listener: Listener): Disposable {
    const known = this.#listeners.get(name);
    const listeners = known ?? new Set<Listener>();
    if (known === undefined) this.#listen(this.#parts.messages.event(name), listeners);
    this.#listeners.set(name, listeners);
    // A wrapper, so that the same function given twice is called twice, and disposed of one at a time.
    const entry: Listener = (event) => listener(event);
    listeners.add(entry);
    return {
      [Symbol.dispose]: () => {
        listeners.delete(entry);
      },
    };
  }

  onHealth(listener: (health: Health) => void): Disposable {
    const remove = this.#parts.health.listen((health) => this.#guard(() => listener(health)));
    return { [Symbol.dispose]: remove };
  }

  async ping(options?: RequestOptions): Promise<void> {
    await this.request('control_ping', {}, options);
  }

  async close(): Promise<void> {
    this.#parts.close();
    await this.closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #listen(event: Endpoint, listeners: ReadonlySet<Listener>): void {
    this.#parts.connection.onEvent(event.id, (buffer, start, end) => {
      if (listeners.size === 0) return;
      this.#guard(() => {
        const fields = event.codec.decodeRange(buffer, start, end);
        for (const listener of [...listeners]) this.#guard(() => listener(fields));
      });
    });
  }

  /** A listener that throws, or an event that cannot be read, must not stop the messages behind it. */
  #guard(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.#parts.onProblem(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #exchangeOptions(options: RequestOptions | undefined) {
    return { timeoutMs: options?.timeoutMs ?? this.#parts.requestTimeoutMs, signal: options?.signal };
  }
}
