import type { Readable } from 'node:stream';

/** An answer that is longer than its reader takes. */
export class TooLongError extends Error {
  override readonly name = 'TooLongError';

  constructor(limit: number) {
    super(`the answer is longer than ${limit} bytes`);
  }
}

/**
 * A body to its end; if it is not taken whole its connection is broken off.
 * @param limit in bytes
 * @throws TooLongError; what the stream fails with
 */
export async function wholeBody(body: Readable, limit: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += (chunk as Buffer).length;
    if (size > limit) throw new TooLongError(limit);
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks, size);
}
