import { unlink } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import type { Port } from './port.js';

/** A frame on the socket may have this many bytes at most; more ends the connection. */
const MAX_FRAME = 65_536;
/** What a slow reader may have waiting; frames beyond are lost, as on a full ring. */
const MAX_QUEUED = 4 * 1024 * 1024;

/**
 * A port's unix socket: each frame as a length of four bytes (big-endian) and the frame itself, in both directions. While nobody
 * is connected the port has no link, as a vhost-user interface without a VM or a memif without its peer.
 */
export interface PortEndpoint {
  readonly path: string;
  /** Frames lost because a reader was too slow. */
  readonly lost: number;
  close(): Promise<void>;
}

/** Opens the socket. Rejects when the path cannot be used. */
export async function openEndpoint(port: Port, path: string): Promise<PortEndpoint> {
  await unlink(path).catch((error: unknown) => {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
  });
  const sockets = new Set<Socket>();
  const state = { lost: 0 };
  const server = createServer((socket) => {
    sockets.add(socket);
    port.setAttached(true);
    const read = frameReader((frame) => port.send(frame));
    socket.on('data', (chunk) => {
      if (!read(chunk)) socket.destroy();
    });
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      sockets.delete(socket);
      if (sockets.size === 0) port.setAttached(false);
    });
  });
  const stopListening = port.onFrame((frame) => {
    for (const socket of sockets) {
      if (socket.writableLength > MAX_QUEUED) state.lost += 1;
      else socket.write(withLength(frame));
    }
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
  port.setAttached(false);
  return {
    path,
    get lost() {
      return state.lost;
    },
    close: () => {
      stopListening();
      for (const socket of sockets) socket.destroy();
      return new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** A frame with its length before it, as the socket carries it. */
export function withLength(frame: Uint8Array): Uint8Array {
  const whole = Buffer.allocUnsafe(4 + frame.length);
  whole.writeUInt32BE(frame.length);
  whole.set(frame, 4);
  return whole;
}

/** Cuts a stream into frames, however it arrives; the function returned answers false for an impossible length. */
export function frameReader(onFrame: (frame: Uint8Array) => void): (chunk: Uint8Array) => boolean {
  let held: Buffer = Buffer.alloc(0);
  return (chunk) => {
    held = Buffer.concat([held, chunk]);
    let offset = 0;
    while (held.length - offset >= 4) {
      const length = held.readUInt32BE(offset);
      if (length > MAX_FRAME) return false;
      if (held.length - offset < 4 + length) break;
      onFrame(Uint8Array.from(held.subarray(offset + 4, offset + 4 + length)));
      offset += 4 + length;
    }
    held = held.subarray(offset);
    return true;
  };
}
