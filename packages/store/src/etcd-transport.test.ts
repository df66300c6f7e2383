import { createServer, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { Code, ConnectError, createClient } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { fixed, systemClock } from '@taas/service';
import { afterEach, describe, expect, it } from 'vitest';
import { EtcdConnection } from './etcd-connection.js';
import { EtcdTransport } from './etcd-transport.js';
import { KV, RangeRequestSchema, RangeResponseSchema } from './generated/etcd_pb.js';

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

type Answer = (stream: ServerHttp2Stream, request: Buffer, headers: IncomingHttpHeaders) => void;

/** etcd's KV service whose server answers every call so. */
async function kvThat(answer: Answer) {
  const server = createServer();
  server.on('stream', (stream, headers) => {
    const chunks: Buffer[] = [];
    stream.on('error', () => undefined);
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('end', () => answer(stream, Buffer.concat(chunks), headers));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('a TCP server has an address and a port');
  const url = `http://127.0.0.1:${address.port}`;
  const connection = new EtcdConnection(url, { tls: fixed({}), clock: systemClock, timeoutMs: 1_000 });
  cleanups.push(() => {
    connection.close();
    server.close();
  });
  const streaming = createGrpcTransport({ baseUrl: url, sessionManager: connection });
  return createClient(KV, new EtcdTransport(connection, streaming));
}

const framed = (message: Uint8Array, flag = 0) => {
  const head = Buffer.alloc(5);
  head.writeUInt8(flag, 0);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
};
const counted = framed(toBinary(RangeResponseSchema, create(RangeResponseSchema, { more: true })));
const grpc = { ':status': 200, 'content-type': 'application/grpc' };

/** Answers with these bytes, in these portions, and then with a status. */
function answering(portions: readonly Buffer[], status: Record<string, string> = { 'grpc-status': '0' }): Answer {
  return (stream) => {
    stream.respond(grpc, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers(status));
    for (const portion of portions) stream.write(portion);
    stream.end();
  };
}

describe('EtcdTransport', () => {
  it('sends one message and reads one, however it was cut, with headers, path and deadline as gRPC has them', async () => {
    let seen: { request: Buffer; headers: IncomingHttpHeaders } | undefined;
    const kv = await kvThat((stream, request, headers) => {
      seen = { request, headers };
      answering([...counted].map((byte) => Buffer.from([byte])))(stream, request, headers);
    });
    const { more } = await kv.range({ key: Buffer.from('k') }, { timeoutMs: 900, headers: { token: 'secret' } });
    expect(more).toBe(true);
    expect(seen?.headers).toMatchObject({
      ...{ ':path': '/etcdserverpb.KV/Range', 'content-type': 'application/grpc+proto', te: 'trailers' },
      ...{ token: 'secret', 'grpc-timeout': '900m' },
    });
    expect(seen?.request.readUInt32BE(1)).toBe((seen?.request.length ?? 0) - 5);
    expect(Buffer.from(fromBinary(RangeRequestSchema, seen?.request.subarray(5) ?? new Uint8Array()).key)).toEqual(
      Buffer.from('k'),
    );
  });

  it("says what the server's status says, with and without a body before it", async () => {
    const status = { 'grpc-status': '5', 'grpc-message': 'etcdserver: requested lease not found%21' };
    const expected = { code: Code.NotFound, rawMessage: 'etcdserver: requested lease not found!' };
    const late = await kvThat(answering([], status));
    await expect(late.range({})).rejects.toMatchObject(expected);
    const atOnce = await kvThat((stream) => stream.respond({ ...grpc, ...status }, { endStream: true }));
    await expect(atOnce.range({})).rejects.toMatchObject(expected);
    const strange = await kvThat(answering([], { 'grpc-status': '99', 'grpc-message': '%zz' }));
    await expect(strange.range({})).rejects.toMatchObject({ code: Code.Unknown, rawMessage: '%zz' });
  });

  it.each<[string, Answer, Code]>([
    ['no status at all', answering([counted], {}), Code.Unavailable],
    ['another HTTP status', (stream) => stream.respond({ ':status': 503 }, { endStream: true }), Code.Unavailable],
    ['half a message', answering([counted.subarray(0, 6)]), Code.Internal],
    ['two messages', answering([counted, counted]), Code.Internal],
    ['no message', answering([]), Code.Internal],
    ['a compressed message', answering([framed(counted.subarray(5), 1)]), Code.Internal],
    ['a reset', (stream) => stream.close(2), Code.Unavailable],
    ['a lost connection', (stream) => stream.session?.destroy(), Code.Unavailable],
  ])('fails for %s', async (_name, answer, code) => {
    const kv = await kvThat(answer);
    const error = await kv.range({}).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(ConnectError);
    expect(error).toMatchObject({ code });
  });

  it('gives up at the deadline and at an abort, and tells the server', async () => {
    const resets: number[] = [];
    const kv = await kvThat((stream) => stream.on('close', () => resets.push(stream.rstCode)));
    await expect(kv.range({}, { timeoutMs: 20 })).rejects.toMatchObject({ code: Code.DeadlineExceeded });
    const abort = new AbortController();
    const call = kv.range({}, { signal: abort.signal });
    abort.abort(new Error('enough'));
    await expect(call).rejects.toThrow('enough');
    await expect(kv.range({}, { signal: abort.signal })).rejects.toThrow('enough');
    await expect.poll(() => resets.length).toBeGreaterThanOrEqual(1);
    expect(resets[0]).toBe(8);
  });
});
