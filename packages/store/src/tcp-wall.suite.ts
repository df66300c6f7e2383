import { connect, createServer, type Socket } from 'node:net';

/** A way to a TCP server that a test can cut, or let fall silent without closing. */
export interface TcpWall {
  readonly port: number;
  /** Connections break, new ones are refused at once. */
  cut(): void;
  /** Connections stay, nothing passes in either direction. */
  silence(): void;
  heal(): void;
  close(): Promise<void>;
}

/** Listens on a free loopback port and passes everything on to `targetPort` on loopback. */
export async function openTcpWall(targetPort: number): Promise<TcpWall> {
  const sockets = new Set<Socket>();
  let mode: 'open' | 'cut' | 'silent' = 'open';
  const server = createServer((near) => {
    if (mode === 'cut') {
      near.destroy();
      return;
    }
    const far = connect(targetPort, '127.0.0.1');
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on('data', (chunk) => {
        if (mode === 'open') to.write(chunk);
      });
      from.on('error', () => to.destroy());
      from.on('close', () => {
        sockets.delete(from);
        to.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('a TCP server has an address and a port');
  const breakAll = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: address.port,
    cut: () => {
      mode = 'cut';
      breakAll();
    },
    silence: () => {
      mode = 'silent';
    },
    heal: () => {
      mode = 'open';
    },
    close: async () => {
      breakAll();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
