import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { VppStatsError } from './stats-error.js';

/** The memory of a statistics segment, from its first byte. */
export interface SegmentBytes {
  /** Bytes; VPP never changes it. */
  readonly size: number;
  /**
   * A copy of `length` bytes from `offset` on.
   * @throws VppStatsError `malformed` if they are not all inside of the segment
   */
  read(offset: number, length: number): Buffer;
  close(): void;
}

/**
 * Opens a segment by a path that leads to its memory. Reading it copies: VPP may unmap, shrink or rewrite what it likes, and
 * no signal reaches us.
 * @param name what messages call it: for a path that is another each time
 * @throws VppStatsError `unreachable`, with the error of open(2) as its cause
 */
export function openSegmentFile(path: string, name: string = path): SegmentBytes {
  const fd = openOrSay(path, name);
  const size = fstatSync(fd).size;
  let open = true;
  return {
    size,
    read(offset, length) {
      if (!open) throw new VppStatsError('unreachable', `${name} has been closed`);
      if (!Number.isSafeInteger(offset) || offset < 0 || length < 0 || offset + length > size)
        throw new VppStatsError('malformed', `${name}: ${length} bytes at ${offset} are not inside of its ${size}`);
      const into = Buffer.allocUnsafe(length);
      let done = 0;
      while (done < length) {
        const got = readSync(fd, into, done, length - done, offset + done);
        if (got === 0)
          throw new VppStatsError('malformed', `${name} ends at ${offset + done}, before its ${size} bytes`);
        done += got;
      }
      return into;
    },
    close() {
      if (open) closeSync(fd);
      open = false;
    },
  };
}

function openOrSay(path: string, name: string): number {
  try {
    return openSync(path, 'r');
  } catch (cause) {
    throw new VppStatsError('unreachable', `${name} cannot be opened: ${codeOf(cause)}`, { cause });
  }
}

/** Of an error of the system, whose text has the path. */
function codeOf(cause: unknown): string {
  return cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
}
