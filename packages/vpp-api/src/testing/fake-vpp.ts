import { bootstrapSchema, SOCKCLNT_CREATE_ID } from '../bootstrap.js';
import type { Clock } from '../clock.js';
import { encodeFrame, FrameDecoder } from '../framing.js';
import type { OpenTransport, TransportHandlers } from '../transport.js';

/** The few messages that the tests of the client need, in VPP's own form. */
export const fakeApi = {
  module: 'fake',
  types: [],
  messages: [
    message('show_version', 'request', '0x51077d14'),
    message('show_version_reply', 'reply', '0xc919bde1', [
      ['string', 'program', 32],
      ['string', 'version', 32],
      ['string', 'build_date', 32],
      ['string', 'build_directory', 256],
    ]),
    message('delete_loopback', 'request', '0xf9e6675e', [['u32', 'sw_if_index']]),
    message('delete_loopback_reply', 'reply', '0xe8d4e804'),
    message('thing_dump', 'request', '0x00000001', [['u32', 'from']]),
    ['thing_details', ['u16', '_vl_msg_id'], ['u32', 'context'], ['u32', 'n'], { crc: '0x00000002' }],
    ['thing_event', ['u16', '_vl_msg_id'], ['u32', 'client_index'], ['u32', 'n'], { crc: '0x00000003' }],
  ],
  services: { thing_dump: { reply: 'thing_details', stream: true } },
};

function message(name: string, kind: 'request' | 'reply', crc: string, fields: readonly unknown[] = []) {
  const header =
    kind === 'request'
      ? [
          ['u32', 'client_index'],
          ['u32', 'context'],
        ]
      : [
          ['u32', 'context'],
          ['i32', 'retval'],
        ];
  return [name, ['u16', '_vl_msg_id'], ...header, ...fields, { crc }];
}

export interface Received {
  readonly name: string;
  readonly fields: Record<string, unknown>;
}

/** A VPP of a few messages at the other end of an in-process transport. Answers what `silent` does not name. */
export class FakeVpp {
  readonly received: Received[] = [];
  /** Sizes of the writes that arrived. */
  readonly writes: number[] = [];
  /** Names of requests that are left unanswered. */
  readonly silent = new Set<string>();
  retval = 0;
  details: readonly number[] = [];
  readonly #schema = bootstrapSchema(JSON.stringify([fakeApi]));
  readonly #table: readonly { readonly index: number; readonly name: string }[];
  #handlers: TransportHandlers | undefined;

  constructor() {
    this.#table = this.#schema.messageNames.map((name, i) => ({
      index: name === 'sockclnt_create' ? 15 : name === 'sockclnt_create_reply' ? 16 : 100 + i,
      name: this.#schema.message(name).nameCrc,
    }));
  }

  readonly transport: OpenTransport = async (_path, handlers) => {
    this.#handlers = handlers;
    const decoder = new FrameDecoder((id, buffer, start, end) => this.#answer(id, buffer.subarray(start, end)));
    let open = true;
    const close = (): void => {
      if (open) queueMicrotask(() => handlers.onClose(undefined));
      open = false;
    };
    return {
      write: (bytes) => {
        this.writes.push(bytes.length);
        // VPP answers in a later turn, never while the client is still writing.
        setImmediate(() => decoder.push(bytes));
      },
      close,
      destroy: close,
    };
  };

  /** Sends one message to the client. */
  send(name: string, fields: Record<string, unknown>): void {
    this.sendBytes(encodeFrame(this.#id(name), this.#schema.message(name).encode(fields)));
  }

  sendBytes(bytes: Uint8Array): void {
    this.#handlers?.onData(bytes);
  }

  hangUp(error?: Error): void {
    this.#handlers?.onClose(error);
  }

  id(name: string): number {
    return this.#id(name);
  }

  #id(name: string): number {
    const nameCrc = this.#schema.message(name).nameCrc;
    const entry = this.#table.find((candidate) => candidate.name === nameCrc);
    if (entry === undefined) throw new Error(`no ${name}`);
    return entry.index;
  }

  #answer(id: number, bytes: Uint8Array): void {
    const entry = this.#table.find((candidate) => candidate.index === id);
    const name = id === SOCKCLNT_CREATE_ID ? 'sockclnt_create' : (entry?.name.slice(0, -9) ?? `id ${id}`);
    const fields = this.#schema.message(name).decode(bytes);
    this.received.push({ name, fields });
    if (this.silent.has(name)) return;
    const context = fields['context'];
    switch (name) {
      case 'sockclnt_create':
        this.send('sockclnt_create_reply', { context, response: 0, index: 77, message_table: this.#table });
        break;
      case 'get_api_json':
        this.send('get_api_json_reply', { context, retval: 0, json: JSON.stringify([fakeApi]) });
        break;
      case 'show_version':
        this.send('show_version_reply', {
          context,
          retval: 0,
          program: 'fake',
          version: '1.2',
          build_date: '',
          build_directory: '',
        });
        break;
      case 'control_ping':
        this.send('control_ping_reply', { context, retval: 0, vpe_pid: 1 });
        break;
      case 'thing_dump':
        for (const n of this.details) this.send('thing_details', { context, n });
        break;
      case 'sockclnt_delete':
        this.hangUp();
        break;
      default:
        this.send(`${name}_reply`, { context, retval: this.retval });
    }
  }
}

/** Time that passes only when told to. */
export class ManualClock implements Clock {
  #now = 0;
  readonly #timers = new Set<{ readonly at: number; readonly callback: () => void }>();

  now(): number {
    return this.#now;
  }

  after(ms: number, callback: () => void): () => void {
    const timer = { at: this.#now + ms, callback };
    this.#timers.add(timer);
    return () => {
      this.#timers.delete(timer);
    };
  }

  /** Runs what is due on the way, in order. */
  advance(ms: number): void {
    const until = this.#now + ms;
    for (;;) {
      const [next] = [...this.#timers].filter((timer) => timer.at <= until).sort((a, b) => a.at - b.at);
      if (next === undefined) break;
      this.#timers.delete(next);
      this.#now = next.at;
      next.callback();
    }
    this.#now = until;
  }
}

/** Lets everything that is on its way through setImmediate and promises arrive. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 4; i++) await new Promise((resolve) => setImmediate(resolve));
}
