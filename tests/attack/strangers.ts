import { type IncomingMessage, request } from 'node:http';
import { connect, type Socket } from 'node:net';

/** Connections of one who has no token, from an address of loopback of their own. */
export class Stranger {
  readonly sockets: Socket[] = [];
  closed = 0;
  /** The first line of each answer. */
  readonly answers: string[] = [];

  constructor(
    readonly port: number,
    readonly address: string,
  ) {}

  /** Connects and sends; resolves when the bytes are out, or the connection is closed. */
  async send(bytes: string | Buffer): Promise<Socket> {
    const socket = connect({ port: this.port, host: '127.0.0.1', localAddress: this.address });
    this.sockets.push(socket);
    socket.on('error', () => undefined);
    socket.on('data', (data: Buffer) => this.answers.push(data.toString('latin1').split('\r\n')[0] ?? ''));
    socket.once('close', () => {
      this.closed += 1;
    });
    await new Promise<void>((resolve) => {
      socket.once('close', () => resolve());
      socket.write(bytes, () => resolve());
    });
    return socket;
  }

  leave(): void {
    for (const socket of this.sockets) socket.destroy();
  }
}

/** A request by a connection of its own, from an address of loopback. */
export function ask(
  port: number,
  options: { readonly path: string; readonly token: string; readonly from: string; readonly forwardedFor?: string },
): Promise<{ readonly status: number; readonly text: string }> {
  const { path, token, from, forwardedFor } = options;
  return new Promise((resolve, reject) => {
    const headers = {
      'x-auth-token': token,
      ...(forwardedFor === undefined ? {} : { 'x-forwarded-for': forwardedFor }),
    };
    const outgoing = request({ host: '127.0.0.1', port, path, headers, localAddress: from, agent: false });
    outgoing.once('error', reject);
    outgoing.once('response', (answer: IncomingMessage) => {
      const pieces: Buffer[] = [];
      answer.on('data', (piece: Buffer) => pieces.push(piece));
      answer.once('error', reject);
      answer.once('end', () =>
        resolve({ status: answer.statusCode ?? 0, text: Buffer.concat(pieces).toString('utf8') }),
      );
    });
    outgoing.end();
  });
}
