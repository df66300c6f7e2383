import { type MessageCodec, type Schema, SOCKCLNT_CREATE_ID, SOCKCLNT_CREATE_REPLY_ID } from 'vpp-api';

const FIRST_FREE_ID = 32;

/** A message with the number that it has on the wire. */
export interface NumberedMessage {
  readonly id: number;
  readonly codec: MessageCodec;
}

/** The numbers of the messages: as in VPP only the two of the handshake are fixed, the others a client learns from it. */
export class ApiMessageTable {
  readonly #byId = new Map<number, NumberedMessage>();
  readonly #byName = new Map<string, NumberedMessage>();

  constructor(private readonly schema: Schema) {
    let next = FIRST_FREE_ID;
    for (const name of schema.messageNames) {
      const fixed = FIXED_IDS.get(name);
      const message = { id: fixed ?? next, codec: schema.message(name) };
      if (fixed === undefined) next += 1;
      this.#byId.set(message.id, message);
      this.#byName.set(name, message);
    }
  }

  find(id: number): NumberedMessage | undefined {
    return this.#byId.get(id);
  }

  /** @throws RangeError for a message that the definitions do not have: a mistake in this package. */
  named(name: string): NumberedMessage {
    const found = this.#byName.get(name);
    if (found === undefined) throw new RangeError(`the simulator's definitions have no message ${name}`);
    return found;
  }

  /** What a dump is answered with. @throws RangeError as `named`. */
  detailsOf(dump: string): NumberedMessage {
    const service = this.schema.service(dump);
    // Some releases of VPP declare a reply that never comes, and the details as events.
    return this.named(service?.events[0] ?? service?.reply ?? dump);
  }

  /** The table as the handshake gives it. */
  entries(): { index: number; name: string }[] {
    return [...this.#byId.values()].map(({ id, codec }) => ({ index: id, name: codec.nameCrc }));
  }
}

const FIXED_IDS: ReadonlyMap<string, number> = new Map([
  ['sockclnt_create', SOCKCLNT_CREATE_ID],
  ['sockclnt_create_reply', SOCKCLNT_CREATE_REPLY_ID],
]);
