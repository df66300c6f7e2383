import { createHash } from 'node:crypto';
import { closeSync, fstatSync, openSync, readFileSync, type Stats } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { type CertificateEnd, certificateEnd } from './certificate-ends.js';
import type { Clock } from './clock.js';
import { ConfigError } from './config-file.js';
import type { Logger } from './logger.js';
import type { NamedFile } from './named-file.js';
import { processIdentity, secretProblem } from './secret-file.js';
import type { Watched } from './watched.js';

/** Something that a program reads from files: a policy from one, a certificate and its key from two. */
export interface FileSource<T> {
  /** What it is, for people: `the policy`. */
  readonly what: string;
  /** Taken together: a certificate is replaced with its key, or not at all. */
  readonly files: readonly NamedFile[];
  /** Whether what is refused may be good later as it stands, as a certificate whose time has not come. */
  readonly byTime?: boolean;
  /**
   * The value in the files' contents, in their order. Changes nothing.
   * @throws Error that says what is wrong, and holds nothing secret
   */
  read(contents: readonly Buffer[]): T;
}

/** What a poll of the files has found. */
export interface LookResult {
  /** What is new and in use now. */
  readonly changed: readonly string[];
  /** What is not in use, with the reason. */
  readonly refused: readonly RefusedFile[];
}

export interface RefusedFile {
  readonly what: string;
  readonly files: readonly string[];
  readonly problem: string;
  /** Since when, in milliseconds since the epoch. */
  readonly since: number;
}

export interface FileWatchDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Names the configuration in the errors of {@link FileWatch.open}. */
  readonly source: string;
  /** Milliseconds between two polls. Default 2,000. */
  readonly everyMs?: number;
}

/** Bytes; nothing that a program of ours is configured with comes near. */
const maxFileBytes = 4 * 1024 * 1024;

interface Entry {
  readonly source: FileSource<unknown>;
  /** Of the contents that are in use. */
  digest: string;
  /** Of what was refused last, so that it is said once. */
  refusedAs: string | null;
  refused: RefusedFile | null;
  use(value: unknown): void;
}

/**
 * Looks at the files of a configuration while the program runs. A file that has changed and is good replaces the value in
 * use; one that is not is said in the log and in `refused`, and the old value stays. Contents are compared, not times, and
 * symbolic links are followed anew at each poll, so that no way of replacing a file goes unnoticed.
 */
export class FileWatch {
  readonly #entries: Entry[] = [];
  /** Of what is in use. */
  readonly #certificates = new Map<FileSource<unknown>, CertificateEnd>();
  #looking: Promise<LookResult> = Promise.resolve({ changed: [], refused: [] });

  constructor(private readonly deps: FileWatchDeps) {}

  /**
   * Reads the files now and watches them from now on; what is no regular file, such as a pipe, is read this once.
   * @throws ConfigError if they cannot be used
   */
  open<T>(source: FileSource<T>): Watched<T> {
    let value: T;
    let digest: string;
    let regular: boolean;
    try {
      const read = source.files.map(readNow);
      regular = read.every(({ isFile }) => isFile);
      digest = digestOf(read.map(({ content }) => content));
      value = source.read(read.map(({ content }) => content));
      this.#noteCertificates(
        source,
        read.map(({ content }) => content),
      );
    } catch (cause) {
      throw new ConfigError(this.deps.source, [problemOf(source, cause)], { cause });
    }
    const listeners: ((value: T) => void)[] = [];
    const watched = {
      get current() {
        return value;
      },
      onChange: (listener: (value: T) => void) => void listeners.push(listener),
    };
    const use = (next: unknown) => {
      value = next as T;
      for (const listener of listeners) listener(value);
    };
    if (regular) this.#entries.push({ source, digest, refusedAs: null, refused: null, use });
    return watched;
  }

  /** Looks again and again until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, everyMs = 2_000 } = this.deps;
    while (!signal.aborted) {
      await clock.sleep(everyMs, signal).catch(() => undefined);
      if (!signal.aborted) await this.look();
    }
  }

  /** Looks at all files now; never throws. */
  look(): Promise<LookResult> {
    // One after the other, so that an older content never replaces a newer one.
    this.#looking = this.#looking.then(() => this.#lookOnce());
    return this.#looking;
  }

  /** What is not in use because it is no good, for /readyz. */
  get refused(): readonly RefusedFile[] {
    return this.#entries.flatMap(({ refused }) => refused ?? []);
  }

  /** When certificates that are in use end. */
  get certificates(): readonly CertificateEnd[] {
    return [...this.#certificates.values()];
  }

  #noteCertificates(source: FileSource<unknown>, contents: readonly Buffer[]): void {
    const end = certificateEnd(source.what, source.files, contents);
    if (end === null) this.#certificates.delete(source);
    else this.#certificates.set(source, end);
  }

  async #lookOnce(): Promise<LookResult> {
    const changed: string[] = [];
    for (const entry of this.#entries) if (await this.#lookAt(entry)) changed.push(entry.source.what);
    return { changed, refused: this.refused };
  }

  /** @returns whether there is a new value */
  async #lookAt(entry: Entry): Promise<boolean> {
    const { source } = entry;
    let digest = '';
    try {
      const contents: Buffer[] = [];
      for (const file of source.files) contents.push(await readLater(file));
      digest = digestOf(contents);
      if (digest === entry.digest) {
        if (entry.refused) this.deps.logger.info({ what: source.what }, 'the files are again those in use');
        this.#settle(entry);
        return false;
      }
      if (digest === entry.refusedAs && source.byTime !== true) return false;
      entry.use(source.read(contents));
      this.#noteCertificates(source, contents);
    } catch (cause) {
      this.#refuse(entry, digest, problemOf(source, cause));
      return false;
    }
    entry.digest = digest;
    this.#settle(entry);
    this.deps.logger.info({ what: source.what, files: pathsOf(source) }, 'files have changed, and are in use');
    return true;
  }

  #settle(entry: Entry): void {
    entry.refused = null;
    entry.refusedAs = null;
  }

  #refuse(entry: Entry, digest: string, problem: string): void {
    const said = entry.refused?.problem === problem;
    entry.refusedAs = digest === '' ? null : digest;
    if (said) return;
    const { source } = entry;
    const since = entry.refused?.since ?? this.deps.clock.now();
    entry.refused = { what: source.what, files: pathsOf(source), problem, since };
    this.deps.logger.error({ ...entry.refused }, 'changed files are no good: what was in use before stays in use');
  }
}

const pathsOf = ({ files }: FileSource<unknown>): string[] => files.map(({ path }) => path);

/** A file that cannot be used, its option named already. */
class NamedFileError extends Error {
  override readonly name = 'NamedFileError';
}

function problemOf(source: FileSource<unknown>, cause: unknown): string {
  const message = cause instanceof ConfigError ? cause.problems.join('; ') : messageOf(cause);
  if (cause instanceof NamedFileError || message.startsWith('option "')) return message;
  const options = source.files.map(({ option }) => `"${option}"`).join(' and ');
  return `option${source.files.length > 1 ? 's' : ''} ${options}: ${message}`;
}

const messageOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause));

function readNow(file: NamedFile): { readonly content: Buffer; readonly isFile: boolean } {
  try {
    const descriptor = openSync(file.path, 'r');
    try {
      const stats = fstatSync(descriptor);
      check(file, stats);
      return { content: readFileSync(descriptor), isFile: stats.isFile() };
    } finally {
      closeSync(descriptor);
    }
  } catch (cause) {
    throw unreadable(file, cause);
  }
}

async function readLater(file: NamedFile): Promise<Buffer> {
  try {
    // Opening a pipe would wait for who writes to it.
    if (!(await stat(file.path)).isFile()) throw new NamedFileError(`option "${file.option}": ${file.path} is no file`);
    const handle = await open(file.path, 'r');
    try {
      check(file, await handle.stat());
      return await handle.readFile();
    } finally {
      await handle.close();
    }
  } catch (cause) {
    throw unreadable(file, cause);
  }
}

/** @throws NamedFileError */
function check({ option, path, secret }: NamedFile, stats: Stats): void {
  if (stats.isFile() && stats.size > maxFileBytes)
    throw new NamedFileError(`option "${option}": ${path} is longer than ${maxFileBytes} bytes`);
  if (!stats.isFile()) return;
  const problem = secret ? secretProblem(path, stats, processIdentity()) : forgeable(path, stats);
  if (problem !== null) throw new NamedFileError(`option "${option}": ${problem}`);
}

/** Who may write a policy or the list of authorities to trust, may do everything. */
function forgeable(path: string, { mode }: Stats): string | null {
  return (mode & 0o002) === 0 ? null : `everybody can write ${path}; mend it with: chmod o-w ${path}`;
}

function unreadable({ option, path }: NamedFile, cause: unknown): NamedFileError {
  if (cause instanceof NamedFileError) return cause;
  const code = (cause as { readonly code?: unknown } | null)?.code;
  const why = typeof code === 'string' ? ` (${code})` : '';
  return new NamedFileError(`option "${option}": ${path} cannot be read${why}`, { cause });
}

function digestOf(contents: readonly Buffer[]): string {
  const hash = createHash('sha256');
  for (const content of contents) hash.update(`${content.length}:`).update(content);
  return hash.digest('hex');
}
