import { createServer, type Server } from 'node:net';

/**
 * `count` different TCP ports that nobody listened on, on loopback, a moment ago. All are held until all are known, so
 * that none comes twice; somebody else may still take one before it is used.
 */
export async function freePorts(count: number): Promise<readonly number[]> {
  const servers: Server[] = [];
  try {
    for (let index = 0; index < count; index++) servers.push(await listenAnywhere());
    return servers.map((server) => {
      const address = server.address();
      if (address === null || typeof address === 'string')
        throw new TypeError('a TCP server has an address and a port');
      return address.port;
    });
  } finally {
    await Promise.all(servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve()))));
  }
}

function listenAnywhere(): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve(server));
  });
}
