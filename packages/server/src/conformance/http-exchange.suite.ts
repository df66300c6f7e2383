import { request } from 'node:http';

export interface Exchanged {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly text: string;
}

/** One request over a connection of its own, each header and byte as given. */
export function exchange(
  address: string,
  what: {
    readonly method: string;
    readonly path: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body?: Buffer | undefined;
    readonly chunked?: boolean;
  },
): Promise<Exchanged> {
  const { hostname, port } = new URL(address);
  return new Promise((resolve, reject) => {
    const sized = what.body && !what.chunked ? { 'content-length': String(what.body.length) } : {};
    const headers = { ...sized, ...what.headers };
    const outgoing = request({ hostname, port, method: what.method, path: what.path, headers, agent: false });
    outgoing.on('error', reject);
    outgoing.on('response', (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('error', reject);
      incoming.on('end', () => {
        const flat = Object.entries(incoming.headers).map(([name, value]) => [name, String(value)]);
        resolve({
          status: incoming.statusCode ?? 0,
          headers: Object.fromEntries(flat),
          text: Buffer.concat(chunks).toString('utf8'),
        });
      });
    });
    outgoing.end(what.body);
  });
}
