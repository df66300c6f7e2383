import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/**
 * Below what Linux gives to those who ask for any port, and to every outgoing connection (32768 to 60999): a port from there
 * may be somebody's before the program that it is meant for has started.
 */
const range = { first: 10_000, end: 32_000 };
const tries = 100;

/**
 * A TCP port on loopback that nobody listens on now.
 * @throws Error if a hundred are all taken
 */
export async function freePort(): Promise<number> {
  for (let left = tries; left > 0; left -= 1) {
    const port = randomInt(range.first, range.end);
    if (await isFree(port)) return port;
  }
  throw new Error(`${tries} ports of ${range.first} to ${range.end - 1} on loopback are all taken`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (cause: NodeJS.ErrnoException) =>
      cause.code === 'EADDRINUSE' ? resolve(false) : reject(cause),
    );
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
