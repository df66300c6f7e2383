import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname } from 'node:path';
import { systemClock } from '@taas/service';
import type { Files, Host, Terminal } from './host.js';

/** This process and its machine. */
export function realHost(signal: AbortSignal): Host {
  return {
    env: process.env,
    directory: process.cwd(),
    home: homedir(),
    clock: systemClock,
    files: realFiles,
    terminal: realTerminal,
    // Node's HTTP takes longer to load than `--help` may take.
    open: async (path) => (await import('./sinks.js')).openSink(path),
    send: async (request) => (await import('./send-http.js')).sendHttp(request),
    signal,
  };
}

const realFiles: Files = {
  read(path) {
    try {
      return readFileSync(path, 'utf8');
    } catch (error) {
      if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return null;
      throw error;
    }
  },
  writePrivate: (path, content) => replaceFile(path, content, 0o600),
  writeProgram: (path, content) => replaceFile(path, content, 0o700),
  remove: (path) => rmSync(path, { force: true }),
};

function replaceFile(path: string, content: string | Uint8Array, mode: number): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  // Never readable by others, not even while it is written, and never half there.
  const fresh = `${path}.${process.pid}`;
  writeFileSync(fresh, content, { mode, flag: 'wx' });
  chmodSync(fresh, mode);
  renameSync(fresh, path);
}

const realTerminal: Terminal = {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  outIsTerminal: process.stdout.isTTY === true,
  errIsTerminal: process.stderr.isTTY === true,
  async ask(question) {
    if (!process.stdin.isTTY) return null;
    const { createInterface } = await import('node:readline/promises');
    const lines = createInterface({ input: process.stdin, output: process.stderr });
    try {
      return await lines.question(question);
    } finally {
      lines.close();
    }
  },
};
