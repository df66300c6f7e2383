import { type ClientHttp2Stream, constants, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http2';
import {
  create,
  type DescMessage,
  type DescMethodUnary,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from '@bufbuild/protobuf';
import { Code, ConnectError, type Transport, type UnaryResponse } from '@connectrpc/connect';
import type { EtcdConnection } from './etcd-connection.js';

/** One byte that says whether it is compressed, four of length. */
const prefixBytes = 5;

/**
 * The transport of etcd's services on one connection: streams go as connect-node does them, calls with one answer by a
 * shorter way. connect-node carries those too as a stream, with a chain of generators and abort signals for each, which
 * cost several times what the call itself does; and every tap that is made waits for a handful of calls.
 *
 * The shorter way is gRPC over HTTP/2 as its specification has it (grpc/doc/PROTOCOL-HTTP2.md), without compression.
 */
export class EtcdTransport implements Transport {
  readonly stream: Transport['stream'];

  constructor(
    private readonly connection: EtcdConnection,
    streaming: Transport,
  ) {
    this.stream = streaming.stream.bind(streaming);
  }

  /** @throws ConnectError, or the signal's reason */
  async unary<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    signal: AbortSignal | undefined,
    timeoutMs: number | undefined,
    header: Parameters<Transport['unary']>[3],
    input: MessageInitShape<I>,
  ): Promise<UnaryResponse<I, O>> {
    const body = frame(toBinary(method.input, create(method.input, input)));
    const headers: OutgoingHttpHeaders = {
      ...(header === undefined ? {} : Object.fromEntries(new Headers(header))),
      'content-type': 'application/grpc+proto',
      te: 'trailers',
      ...(timeoutMs === undefined ? {} : { 'grpc-timeout': `${Math.floor(timeoutMs)}m` }),
    };
    const path = `/${method.parent.typeName}/${method.name}`;
    const answer = await this.#exchange(path, headers, body, signal, timeoutMs);
    const message: MessageShape<O> = fromBinary(method.output, unframe(answer));
    const { parent: service } = method;
    return { stream: false, service, method, message, header: new Headers(), trailer: new Headers() };
  }

  #exchange(
    path: string,
    headers: OutgoingHttpHeaders,
    body: Buffer,
    signal: AbortSignal | undefined,
    timeoutMs: number | undefined,
  ): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      let stream: ClientHttp2Stream | undefined;
      let over = false;
      const end = () => {
        over = true;
        clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
      };
      const giveUp = (reason: unknown) => {
        if (over) return;
        end();
        stream?.close(constants.NGHTTP2_CANCEL);
        reject(reason);
      };
      const onAbort = () => giveUp(signal?.reason);
      const late = () => giveUp(new ConnectError('the operation timed out', Code.DeadlineExceeded));
      const timer = timeoutMs === undefined ? undefined : setTimeout(late, timeoutMs);
      signal?.addEventListener('abort', onAbort, { once: true });
      if (signal?.aborted) return onAbort();
      const settle = (answer: Buffer | ConnectError) => {
        if (over) return;
        end();
        if (answer instanceof ConnectError) reject(answer);
        else resolve(answer);
      };
      this.connection.request('POST', path, headers, {}).then(
        (opened) => {
          stream = opened;
          // Stays for the stream's whole life: an 'error' that nobody listens to would end the process.
          collect(opened, () => this.connection.notifyResponseByteRead(), settle);
          if (over) opened.close(constants.NGHTTP2_CANCEL);
          else opened.end(body);
        },
        (cause: unknown) => giveUp(broken(cause)),
      );
    });
  }
}

/** Gathers an answer, and hands it over, or what went wrong, once the server has said its last word. */
function collect(stream: ClientHttp2Stream, heard: () => void, settle: (answer: Buffer | ConnectError) => void): void {
  const chunks: Buffer[] = [];
  let last: IncomingHttpHeaders = {};
  stream.on('response', (headers) => {
    heard();
    last = headers;
    if (headers[':status'] !== 200)
      settle(new ConnectError(`HTTP status ${headers[':status']} instead of an answer`, Code.Unavailable));
  });
  stream.on('data', (chunk: Buffer) => {
    heard();
    chunks.push(chunk);
  });
  stream.on('trailers', (trailers) => {
    last = trailers;
  });
  // A server that refuses a request before it has taken all of it says why, and resets the stream: the reason counts.
  stream.on('error', (cause) => settle(said(last) ? (failureIn(last) ?? broken(cause)) : broken(cause)));
  let ended = false;
  stream.on('end', () => {
    ended = true;
    const failure = failureIn(last);
    settle(failure ?? Buffer.concat(chunks));
  });
  stream.on('close', () => {
    // To make an error costs as much as half a call, so none is made for a call that has ended well.
    if (ended) return;
    const broke = new ConnectError('the connection broke before the answer', Code.Unavailable);
    settle(said(last) ? (failureIn(last) ?? broke) : broke);
  });
}

/** Whether the server has said how the call ended. */
function said(trailers: IncomingHttpHeaders): boolean {
  return trailers['grpc-status'] !== undefined;
}

/** @returns undefined for status 0; an answer without a status is a failure too */
function failureIn(trailers: IncomingHttpHeaders): ConnectError | undefined {
  const status = trailers['grpc-status'];
  if (status === '0') return undefined;
  if (status === undefined) return new ConnectError('the answer ended without a status', Code.Unavailable);
  const code = Number(status);
  const text = String(trailers['grpc-message'] ?? '');
  // A code that nobody knows is Unknown by the specification.
  return new ConnectError(percentDecoded(text), code in Code ? (code as Code) : Code.Unknown);
}

function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A message that is not encoded as it should be is still better than none.
    return text;
  }
}

function broken(cause: unknown): ConnectError {
  if (cause instanceof ConnectError) return cause;
  const error = new ConnectError(cause instanceof Error ? cause.message : String(cause), Code.Unavailable);
  error.cause = cause;
  return error;
}

function frame(message: Uint8Array): Buffer {
  const framed = Buffer.allocUnsafe(prefixBytes + message.length);
  framed.writeUInt8(0, 0);
  framed.writeUInt32BE(message.length, 1);
  framed.set(message, prefixBytes);
  return framed;
}

/** @throws ConnectError for anything but one whole message without compression */
function unframe(answer: Buffer): Buffer {
  if (answer.length < prefixBytes || answer.length !== prefixBytes + answer.readUInt32BE(1))
    throw new ConnectError(`an answer of ${answer.length} bytes is not one message`, Code.Internal);
  if (answer.readUInt8(0) !== 0) throw new ConnectError('a compressed answer was not asked for', Code.Internal);
  return answer.subarray(prefixBytes);
}
