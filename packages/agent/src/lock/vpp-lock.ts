import { connect, createServer, type Server, type Socket } from 'node:net';
import type { Clock } from '@taas/service';
import { lockNames } from './lock-names.js';

/** Who holds the lock, by its own word. */
export interface LockHolder {
  /** As seen from the holder's own container. */
  readonly pid: number;
  readonly node: string;
}

/** What lets one agent at a time work on a VPP. */
export interface VppLock {
  /**
   * Resolves when the lock is ours; until then somebody else is at work.
   * @param waiting told who that is, at once and again every minute or so; null if it does not say
   * @throws the signal's reason as soon as `signal` aborts
   */
  take(waiting: (holder: LockHolder | null) => void, signal: AbortSignal): Promise<void>;
  /** Lets the next one have it. Safe to repeat, and when it is not ours. */
  release(): Promise<void>;
}

export interface VppLockOptions {
  /** VPP's API socket, which need not be there yet. */
  readonly apiSocket: string;
  readonly self: LockHolder;
  readonly clock: Clock;
}

/** Before a name that was taken is tried again, once its holder seems to be gone. */
const pauseMs = 100;
/** How long a holder may take to say who it is: one that is frozen never does. */
const introductionMs = 500;
/** A little above a minute, so that whoever wants to hear of it once a minute at most need not skip one. */
const remindMs = 61_000;
const longestIntroduction = 4096;
/** Of those who wait; more of them ask again and again instead of being told. */
const mostWaiting = 64;

/** A lock of the kernel's, which ends with the process, however that ends (docs/decisions/0019-one-agent-a-node.md). */
export function createVppLock(options: VppLockOptions): VppLock {
  return new AbstractSocketLock(options);
}

/**
 * A name among Linux's abstract sockets can be listened at by one process only. It leaves no file, and whoever waits is
 * connected to it, and so learns of its end at once.
 */
class AbstractSocketLock implements VppLock {
  #held: Server[] = [];
  readonly #waiting = new Set<Socket>();

  constructor(private readonly options: VppLockOptions) {}

  async take(waiting: (holder: LockHolder | null) => void, signal: AbortSignal): Promise<void> {
    for (let refused = 0; ; ) {
      signal.throwIfAborted();
      const taken = await this.#takeAll();
      if (taken === null) return;
      refused = (await this.#waitBehind(taken, waiting, signal)) ? 0 : refused + 1;
      // Refused once, it has ended a moment ago; more often, it is none of ours, or too many are waiting.
      if (refused > 1) waiting(null);
      await this.options.clock.sleep(pauseMs, signal);
    }
  }

  async release(): Promise<void> {
    const held = this.#held.splice(0);
    const closed = held.map((server) => new Promise<void>((done) => server.close(() => done())));
    for (const socket of this.#waiting) socket.destroy();
    await Promise.all(closed);
  }

  /** All names or none. @returns the one that is somebody else's, or null */
  async #takeAll(): Promise<string | null> {
    for (const name of await lockNames(this.options.apiSocket)) {
      const server = createServer((socket) => this.#introduce(socket));
      server.maxConnections = mostWaiting;
      if (!(await listens(server, name))) {
        await this.release();
        return name;
      }
      this.#held.push(server);
    }
    return null;
  }

  #introduce(socket: Socket): void {
    this.#waiting.add(socket);
    socket.on('close', () => this.#waiting.delete(socket));
    // Whoever waited is gone, and nobody misses it.
    socket.on('error', () => undefined);
    socket.write(`${JSON.stringify(this.options.self)}\n`);
    socket.resume();
  }

  /** Resolves when the holder is gone. @returns whether there was one */
  async #waitBehind(name: string, waiting: (holder: LockHolder | null) => void, signal: AbortSignal): Promise<boolean> {
    const { clock } = this.options;
    const over = new AbortController();
    const socket = connect(name);
    const leave = () => socket.destroy();
    signal.addEventListener('abort', leave, { once: true });
    // What went wrong is the end of the connection, which follows, and says all that matters.
    socket.on('error', () => undefined);
    const closed = new Promise<void>((done) => socket.once('close', () => done()));
    const ended = closed.then(() => over.abort());
    const introduction = introductionOn(socket, closed);
    const patience = (ms: number) =>
      clock.sleep(ms, over.signal).then(
        () => null,
        () => null,
      );
    let holder = await Promise.race([introduction, patience(introductionMs)]);
    let there = false;
    while (!over.signal.aborted) {
      there = true;
      waiting(holder);
      await patience(remindMs);
      holder ??= await Promise.race([introduction, null]);
    }
    signal.removeEventListener('abort', leave);
    await ended;
    return there;
  }
}

/** False if somebody else listens there. @throws any other error of listen(2) */
function listens(server: Server, name: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException) => (error.code === 'EADDRINUSE' ? resolve(false) : reject(error));
    server.once('error', failed);
    server.listen(name, () => {
      server.off('error', failed);
      // One who waits could not be let in, and will ask again.
      server.on('error', () => undefined);
      resolve(true);
    });
  });
}

/** What the holder says of itself; null if it ends before, or says something else. */
function introductionOn(socket: Socket, closed: Promise<void>): Promise<LockHolder | null> {
  let text = '';
  const said = new Promise<LockHolder | null>((resolve) =>
    socket.on('data', (chunk: Buffer) => {
      if (text.length > longestIntroduction) return;
      text += chunk.toString('utf8');
      if (text.includes('\n')) resolve(holderIn(text.slice(0, text.indexOf('\n'))));
    }),
  );
  return Promise.race([said, closed.then(() => null)]);
}

function holderIn(line: string): LockHolder | null {
  try {
    const { pid, node } = JSON.parse(line) as Partial<LockHolder>;
    return typeof pid === 'number' && typeof node === 'string' ? { pid, node } : null;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return null;
    throw error;
  }
}
