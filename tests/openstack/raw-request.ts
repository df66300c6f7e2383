import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';

export interface RawRequest {
  readonly method: string;
  /** Sent as it is. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** In pieces: chunked. */
  readonly body?: string | readonly string[];
}

export interface RawAnswer {
  readonly status: number | undefined;
  readonly reason: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
}

/** A request whose Host and path are the test's own business, by a connection of its own. */
export async function rawRequest(url: string, { method, path, headers, body }: RawRequest): Promise<RawAnswer> {
  const { hostname, port } = new URL(url);
  const outgoing = request({ hostname, port, method, path, headers, agent: false });
  if (Array.isArray(body)) for (const piece of body) outgoing.write(piece);
  outgoing.end(typeof body === 'string' ? body : undefined);
  const [message] = (await once(outgoing, 'response')) as [IncomingMessage];
  const pieces: Buffer[] = [];
  for await (const piece of message) pieces.push(piece as Buffer);
  return {
    status: message.statusCode,
    reason: message.statusMessage,
    headers: message.headers,
    text: Buffer.concat(pieces).toString(),
  };
}
