import { once } from 'node:events';
import { open } from 'node:fs/promises';
import type { Sink } from './host.js';

/** Frames are a secret: a new file is for its owner alone. @throws the error of the file system */
export async function openSink(path: string): Promise<Sink> {
  if (path === '-') return standardOutput;
  const file = await open(path, 'w', 0o600);
  return {
    write: async (bytes) => {
      for (let at = 0; at < bytes.length; ) at += (await file.write(bytes, at)).bytesWritten;
    },
    close: () => file.close(),
  };
}

const standardOutput: Sink = {
  write: async (bytes) => {
    if (!process.stdout.write(bytes)) await once(process.stdout, 'drain');
  },
  close: async () => undefined,
};
