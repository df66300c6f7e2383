import { detailsName, type MessageTable, replyName } from './compatibility.js';
import type { ApiConnection } from './connection.js';
import { VppDefinitionsError } from './errors.js';
import type { Endpoint } from './exchange.js';
import type { Schema } from './schema.js';

export interface RequestRoute {
  readonly request: Endpoint;
  readonly reply: Endpoint;
}

export interface DumpRoute {
  readonly request: Endpoint;
  readonly details: Endpoint;
}

/** Finds layout and id of messages by name, each once. */
export class MessageResolver {
  readonly #connection: ApiConnection;
  readonly #schema: Schema;
  readonly #table: MessageTable;
  readonly #requests = new Map<string, RequestRoute>();
  readonly #dumps = new Map<string, DumpRoute>();

  readonly #answeredBy: (dump: string) => string | undefined;

  /** @param answeredBy the details message of a dump of which the schema names a wrong one */
  constructor(
    connection: ApiConnection,
    schema: Schema,
    table: MessageTable,
    answeredBy: (dump: string) => string | undefined = () => undefined,
  ) {
    this.#connection = connection;
    this.#schema = schema;
    this.#table = table;
    this.#answeredBy = answeredBy;
  }

  /** Throws `VppDefinitionsError` if this VPP does not have the message or its reply. */
  request(name: string): RequestRoute {
    const known = this.#requests.get(name);
    if (known !== undefined) return known;
    const route = { request: this.#endpoint(name), reply: this.#endpoint(replyName(this.#schema, name)) };
    this.#requests.set(name, route);
    return route;
  }

  dump(name: string): DumpRoute {
    const known = this.#dumps.get(name);
    if (known !== undefined) return known;
    const details = this.#answeredBy(name) ?? detailsName(this.#schema, name);
    const route = { request: this.#endpoint(name), details: this.#endpoint(details) };
    this.#dumps.set(name, route);
    return route;
  }

  event(name: string): Endpoint {
    const codec = this.#schema.message(name);
    // Events are found by their id: where VPP has a context in one, it is not ours.
    return { codec, id: this.#id(codec.nameCrc) };
  }

  #endpoint(name: string): Endpoint {
    const codec = this.#schema.message(name);
    return this.#connection.endpoint(codec, this.#id(codec.nameCrc));
  }

  #id(nameCrc: string): number {
    const id = this.#table.get(nameCrc);
    if (id === undefined) throw new VppDefinitionsError(`VPP's message table has no ${nameCrc}`);
    return id;
  }
}
