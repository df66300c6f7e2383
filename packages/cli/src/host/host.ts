import type { Clock } from '@taas/service';
import type { Send } from './http.js';

/** All that a command has from outside, so that a test decides about each of it. */
export interface Host {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly directory: string;
  readonly home: string;
  readonly clock: Clock;
  readonly files: Files;
  readonly terminal: Terminal;
  readonly send: Send;
  /** Where bytes go as they come: a file, which its owner alone may read, or `-` for standard output. @throws the error of the file system */
  open(path: string): Promise<Sink>;
  /** Aborts when the user interrupts the command. */
  readonly signal: AbortSignal;
}

export interface Files {
  /** Null if there is no such file. @throws the error of the file system for any other reason */
  read(path: string): string | null;
  /** Writes a file that its owner alone may read, in place of one that is there; makes its folder, too. */
  writePrivate(path: string, content: string | Uint8Array): void;
  /** The same for a program, which its owner alone may run. */
  writeProgram(path: string, content: string): void;
  remove(path: string): void;
}

/** Each write resolves when more may come. */
export interface Sink {
  write(bytes: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

export interface Terminal {
  /** Standard output: what was asked for. */
  out(text: string): void;
  /** Standard error: messages, progress. */
  err(text: string): void;
  readonly outIsTerminal: boolean;
  readonly errIsTerminal: boolean;
  /** Puts a question to the user; null where nobody can be asked. */
  ask(question: string): Promise<string | null>;
}
