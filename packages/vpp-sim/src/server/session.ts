import type { Socket } from 'node:net';
import { type Clock, type FieldValues, FrameDecoder } from 'vpp-api';
import type { Engine } from '../engine/engine.js';
import { EngineError } from '../engine/retval.js';
import type { FaultRules } from './faults.js';
import { Fields } from './fields.js';
import type { ClientContext, Handlers, RequestHandler } from './handler.js';
import type { InterfaceEvent } from './interface-events.js';
import type { ApiMessageTable, NumberedMessage } from './message-table.js';
import { Outbox } from './outbox.js';
import type { SpokenApi } from './spoken-api.js';

/** What all sessions share. */
export interface SessionHost {
  readonly name: string;
  readonly engine: Engine;
  readonly table: ApiMessageTable;
  readonly handlers: Handlers;
  readonly faults: FaultRules;
  readonly clock: Clock;
  readonly api: SpokenApi;
  /** Told of every request that changes something. @param follows whether the client had asked for interface events before */
  onWrite(message: string, follows: boolean): void;
  /** Told of what a client did wrong; the session ends. */
  onBadClient(error: Error): void;
}

interface Received {
  readonly message: NumberedMessage;
  readonly values: Readonly<Record<string, unknown>>;
}

/** One connected client: reads its messages, answers them in order. */
export class Session implements ClientContext {
  readonly #outbox: Outbox;
  readonly #decoder: FrameDecoder;
  /** Messages read and not yet answered: at most one chunk's worth, since nothing is read while any wait. */
  #waiting: Received[] = [];
  #busy = false;
  #cancelDelay: (() => void) | undefined;

  constructor(
    private readonly host: SessionHost,
    private readonly socket: Socket,
    readonly clientIndex: number,
    private readonly subscribers: Map<number, number>,
  ) {
    this.#outbox = new Outbox(socket);
    this.#decoder = new FrameDecoder((id, buffer, start, end) => this.#onFrame(id, buffer, start, end));
    socket.on('data', (chunk) => this.#onData(chunk));
    socket.on('drain', () => this.#work());
    socket.on('close', () => this.#cancelDelay?.());
  }

  wantInterfaceEvents(enable: boolean, pid: number): boolean {
    if (enable === this.subscribers.has(this.clientIndex)) return false;
    if (enable) this.subscribers.set(this.clientIndex, pid);
    else this.subscribers.delete(this.clientIndex);
    return true;
  }

  /** Sends events to a client that asked for them. */
  sendEvents(events: readonly InterfaceEvent[]): void {
    const pid = this.subscribers.get(this.clientIndex);
    if (pid === undefined) return;
    const message = this.host.table.named('sw_interface_event');
    for (const { swIfIndex, flags, deleted } of events)
      this.#outbox.add(message, {
        client_index: this.clientIndex,
        pid,
        sw_if_index: swIfIndex,
        flags,
        deleted,
      });
    this.#outbox.flush();
  }

  close(): void {
    this.#cancelDelay?.();
    this.#waiting = [];
    this.socket.destroy();
  }

  #onData(chunk: Buffer): void {
    try {
      this.#decoder.push(chunk);
    } catch (error) {
      this.#fail(error);
      return;
    }
    this.#work();
  }

  #onFrame(id: number, buffer: Buffer, start: number, end: number): void {
    const message = this.host.table.find(id);
    if (message === undefined) throw new RangeError(`a client sent message ${id}, which is not in the table`);
    this.#waiting.push({ message, values: message.codec.decodeRange(buffer, start, end) });
  }

  /** Answers what waits, until there is none, one is to be late, or the client does not take its answers. */
  #work(): void {
    if (this.#busy || this.socket.destroyed) return;
    let done = 0;
    try {
      while (done < this.#waiting.length && !this.#busy && !this.#outbox.full) {
        const next = this.#waiting[done];
        done += 1;
        if (next !== undefined) this.#handle(next);
      }
    } catch (error) {
      this.#fail(error);
      return;
    }
    this.#waiting = this.#waiting.slice(done);
    this.#outbox.flush();
    if (this.#waiting.length > 0 || this.#busy) this.socket.pause();
    else this.socket.resume();
  }

  #handle(received: Received): void {
    const ms = this.host.faults.takeDelay(received.message.codec.name);
    if (ms === undefined) {
      this.#answer(received);
      return;
    }
    this.#busy = true;
    this.#cancelDelay = this.host.clock.after(ms, () => {
      this.#busy = false;
      this.#cancelDelay = undefined;
      try {
        this.#answer(received);
      } catch (error) {
        this.#fail(error);
      }
      this.#work();
    });
  }

  #answer({ message, values }: Received): void {
    const { name } = message.codec;
    const { table, handlers, faults } = this.host;
    const context = values['context'];
    if (name === 'sockclnt_create') {
      this.#register(context);
      return;
    }
    if (name === 'sockclnt_delete') {
      this.#outbox.add(table.named('sockclnt_delete_reply'), { context, response: 1 });
      this.#outbox.flush();
      this.socket.end();
      return;
    }
    const handler = handlers[name];
    if (handler === undefined) throw new RangeError(`a client sent ${name}, which is no request`);
    const refusal = faults.takeRefusal(name);
    if (handler.kind === 'request') {
      if (handler.writes(new Fields(values))) this.host.onWrite(name, this.subscribers.has(this.clientIndex));
      const reply = refusal === undefined ? this.#run(handler, values) : { ...handler.refused, retval: refusal };
      this.#outbox.add(table.named(`${name}_reply`), { context, ...reply });
    } else if (refusal === undefined) {
      const details = table.detailsOf(name);
      for (const fields of handler.run(new Fields(values), this.#context()))
        this.#outbox.add(details, { context, ...fields }, this.host.api.missing(name, fields));
    }
  }

  #run(handler: RequestHandler, values: Readonly<Record<string, unknown>>): FieldValues {
    try {
      return { retval: 0, ...handler.run(new Fields(values), this.#context()) };
    } catch (error) {
      if (error instanceof EngineError) return { ...handler.refused, retval: error.retval };
      throw error;
    }
  }

  #context() {
    return { engine: this.host.engine, name: this.host.name, api: this.host.api, client: this };
  }

  #register(context: unknown): void {
    this.#outbox.add(this.host.table.named('sockclnt_create_reply'), {
      client_index: this.clientIndex,
      context,
      response: 0,
      index: this.clientIndex,
      message_table: this.host.table.entries(),
    });
  }

  #fail(error: unknown): void {
    this.host.onBadClient(error instanceof Error ? error : new Error(String(error)));
    this.close();
  }
}
