import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { V2Node } from './v2-event.js';

export interface FakeReply {
  readonly status?: number;
  readonly index?: number;
  readonly cluster?: string;
  readonly body: string;
  /** Breaks the connection after the body. */
  readonly breaks?: boolean;
}

export const node = (key: string, modifiedIndex: number, value = 'x'): V2Node => ({ key, value, modifiedIndex });
export const directory = (key: string, nodes: readonly V2Node[]): V2Node => ({
  ...{ key, dir: true, nodes, modifiedIndex: 1 },
});
export const list = (index: number, ...nodes: readonly V2Node[]): FakeReply => ({
  index,
  body: JSON.stringify({ action: 'get', node: directory('/d', nodes) }),
});
export const event = (action: string, of: { readonly modifiedIndex: number }): FakeReply => ({
  index: of.modifiedIndex,
  body: JSON.stringify({ action, node: of }),
});

/**
 * An etcd that answers lists and watches as a test has said, in that order. A watch without an answer waits; whatever
 * else is asked without one is a key that does not exist, at the index of the last answer.
 */
export async function startFakeV2Etcd() {
  const lists: FakeReply[] = [];
  const watches: FakeReply[] = [];
  const asked: string[] = [];
  let index = 0;
  const send = (response: ServerResponse, reply: FakeReply) => {
    index = reply.index ?? index;
    const headers = { 'x-etcd-index': String(index), 'x-etcd-cluster-id': reply.cluster ?? 'c1' };
    response.writeHead(reply.status ?? 200, headers);
    if (!reply.breaks) response.end(reply.body);
    else response.write(reply.body, () => response.destroy());
  };
  const server = createServer((request, response) => {
    const url = request.url ?? '';
    asked.push(url);
    const waits = url.includes('wait=true');
    const reply = waits ? watches.shift() : url.includes('recursive=true') ? lists.shift() : undefined;
    if (reply) send(response, reply);
    else if (waits) {
      response.writeHead(200, { 'x-etcd-index': String(index), 'x-etcd-cluster-id': 'c1' });
      response.flushHeaders();
    } else send(response, { status: 404, body: JSON.stringify({ errorCode: 100, message: 'Key not found', index }) });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    lists,
    watches,
    asked,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      server.closeAllConnections();
      return new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
