import { createConnection } from 'node:net';
import { VppConnectError } from './errors.js';

export interface TransportHandlers {
  /** Bytes in order, in any chunks. */
  onData(bytes: Uint8Array): void;
  /** Called once, at the end of the connection; `error` if it did not end cleanly. */
  onClose(error: Error | undefined): void;
}

/** An open byte stream to VPP. */
export interface Transport {
  /** Takes over `bytes`, which the caller never changes afterwards. */
  write(bytes: Uint8Array): void;
  /** Sends what was written, then ends; `onClose` follows. */
  close(): void;
  /** Ends at once. */
  destroy(): void;
}

export type OpenTransport = (
  socketPath: string,
  handlers: TransportHandlers,
  signal: AbortSignal | undefined,
) => Promise<Transport>;

/** Connects to a unix stream socket. Rejects with `VppConnectError`, or with the signal's reason. */
export const openUnixSocket: OpenTransport = (socketPath, handlers, signal) =>
  new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const socket = createConnection({ path: socketPath });
    let failure: Error | undefined;
    const onAbort = (): void => {
      socket.destroy();
      reject(signal?.reason);
    };
    signal?.addEventListener('abort', onAbort, { once: true });
    const settled = (): void => signal?.removeEventListener('abort', onAbort);
    socket.on('error', (error) => {
      failure = error;
      settled();
      reject(new VppConnectError(socketPath, describe(error), { cause: error }));
    });
    socket.on('data', (bytes) => handlers.onData(bytes));
    socket.on('close', () => handlers.onClose(failure));
    socket.once('connect', () => {
      settled();
      resolve({
        write: (bytes) => {
          socket.write(bytes);
        },
        close: () => {
          // VPP does not always close its side when ours ends (it looks at a stale errno), so we do not wait for that.
          socket.end(() => socket.destroy());
        },
        destroy: () => {
          socket.destroy();
        },
      });
    });
  });

function describe(error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case 'ENOENT':
      return 'it does not exist; is VPP running with a socksvr section?';
    case 'EACCES':
      return 'permission denied; VPP makes it readable for its own group only';
    case 'ECONNREFUSED':
      return 'nobody listens on it; VPP has stopped';
    default:
      return error.message;
  }
}
