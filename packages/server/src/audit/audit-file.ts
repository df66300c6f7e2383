import { open } from 'node:fs/promises';
import { oneLineJson } from '@taas/service';
import { isoTime } from '../http/iso-time.js';
import type { NumberedEntry } from './audit-log.js';

/** Where entries are kept for good: resolves when they are safe there. */
export type AuditSink = (entries: readonly NumberedEntry[]) => Promise<void>;

/** One JSON object, with the time as text, for people and for what reads logs. */
export function auditLine({ at, ...entry }: NumberedEntry): string {
  return `${oneLineJson(JSON.stringify({ time: isoTime(at), ...entry }))}\n`;
}

/**
 * Appends to a file that only its owner and group can read. It is opened anew each time, so that one that was moved away
 * (logrotate) is made again without anybody being told.
 */
export function fileSink(file: string): AuditSink {
  return async (entries) => {
    const handle = await open(file, 'a+', 0o640);
    try {
      const { size } = await handle.stat();
      // A server that was killed, or a full disk, may have left half a line.
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(1), 0, 1, Math.max(0, size - 1));
      const isBroken = bytesRead === 1 && buffer[0] !== 0x0a;
      await handle.writeFile(`${isBroken ? '\n' : ''}${entries.map(auditLine).join('')}`);
      await handle.datasync();
    } finally {
      await handle.close();
    }
  };
}

/** Writes to a stream that a journal keeps, such as standard output. */
export function streamSink(stream: NodeJS.WritableStream): AuditSink {
  return (entries) =>
    new Promise((resolve, reject) => {
      stream.write(entries.map(auditLine).join(''), (error) => (error ? reject(error) : resolve()));
    });
}
