import type { Host } from '../host/host.js';
import { printable } from './printable.js';

const quietMs = 2_000;

/**
 * Runs some work, and says on stderr that it goes on once it takes over two seconds: on a terminal in one line that is
 * rewritten and cleared, else a line every ten seconds.
 * @param what it is, at the moment of saying
 */
export async function withProgress<T>(host: Host, what: () => string, work: Promise<T>): Promise<T> {
  const { clock, terminal } = host;
  const done = new AbortController();
  const from = clock.monotonic();
  let said = false;
  const telling = (async () => {
    for (let wait = quietMs; ; wait = terminal.errIsTerminal ? 500 : 10_000) {
      await clock.sleep(wait, done.signal);
      const text = `${printable(what())} (${Math.round((clock.monotonic() - from) / 1000)} s)`;
      terminal.err(terminal.errIsTerminal ? `\r\u001b[K${text}` : `${text}\n`);
      said = true;
    }
  })().catch(() => undefined);
  try {
    return await work;
  } finally {
    done.abort();
    await telling;
    if (said && terminal.errIsTerminal) terminal.err('\r\u001b[K');
  }
}
