import { type Clock, systemClock } from '@taas/service';
import type { Host } from '../host/host.js';
import { type HttpAnswer, type HttpRequest, type Send, UnreachableError } from '../host/http.js';
import { sendHttp } from '../host/send-http.js';
import { main } from '../main.js';

export interface Ran {
  readonly sunk: ReadonlyMap<string, Uint8Array>;
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface Surroundings {
  readonly env?: Readonly<Record<string, string>>;
  readonly files?: Map<string, string>;
  readonly send?: Send;
  readonly clock?: Clock;
  readonly terminals?: boolean;
  /** What the user says when asked. */
  readonly says?: string;
  readonly signal?: AbortSignal;
}

/** A machine of a test's own: no file, variable or terminal of the one that it runs on. */
export class RecordingHost implements Host {
  readonly directory = '/here';
  readonly home = '/home/alice';
  readonly env: Readonly<Record<string, string>>;
  readonly clock: Clock;
  readonly send: Send;
  readonly signal: AbortSignal;
  readonly written = new Map<string, string | Uint8Array>();
  out = '';
  err = '';

  constructor(private readonly around: Surroundings = {}) {
    this.env = around.env ?? {};
    this.clock = around.clock ?? systemClock;
    this.send = around.send ?? sendHttp;
    this.signal = around.signal ?? new AbortController().signal;
  }

  /** What was written to each path, `-` for standard output. */
  readonly sunk = new Map<string, Uint8Array>();

  open = async (path: string) => {
    if (path.startsWith('/read-only/')) throw new Error(`EACCES: ${path}`);
    return this.#sink(path);
  };

  #sink = (path: string) => ({
    write: async (bytes: Uint8Array) => {
      this.sunk.set(path, Buffer.concat([this.sunk.get(path) ?? new Uint8Array(), bytes]));
    },
    close: async () => undefined,
  });

  readonly files = {
    read: (path: string): string | null => this.around.files?.get(path) ?? null,
    writePrivate: (path: string, content: string | Uint8Array): void => {
      this.written.set(path, content);
      if (typeof content === 'string') this.around.files?.set(path, content);
    },
    writeProgram: (path: string, content: string): void => void this.written.set(path, content),
    remove: (path: string): void => void this.around.files?.delete(path),
  };

  get terminal() {
    const { terminals = false, says } = this.around;
    return {
      out: (text: string): void => {
        this.out += text;
      },
      err: (text: string): void => {
        this.err += text;
      },
      outIsTerminal: terminals,
      errIsTerminal: terminals,
      ask: async (question: string): Promise<string | null> => {
        this.err += question;
        return says ?? null;
      },
    };
  }
}

/** Runs `taas` with these words on a machine of its own. */
export async function taas(around: Surroundings, ...words: readonly string[]): Promise<Ran> {
  const host = new RecordingHost(around);
  const code = await main(host, words);
  return { code, out: host.out, err: host.err, sunk: host.sunk };
}

export type Answering = (
  request: HttpRequest & { readonly path: string },
) => (Partial<HttpAnswer> & { readonly json?: unknown }) | undefined;

/** A network of one's own: what is not answered does not answer. */
export function sendTo(answering: Answering, seen: HttpRequest[] = []): Send {
  return async (request) => {
    seen.push(request);
    const { pathname, search, origin } = new URL(request.url);
    const answer = answering({ ...request, path: pathname + search });
    if (answer === undefined) throw new UnreachableError(origin, 'ECONNREFUSED', undefined);
    const { json, ...rest } = answer;
    return { status: 200, headers: {}, body: json === undefined ? '' : JSON.stringify(json), ...rest };
  };
}

/** For a server in development mode. */
export const development = { OS_AUTH_TYPE: 'none', OS_PROJECT_ID: 'acme', OS_ENDPOINT: 'http://127.0.0.1:9' };
