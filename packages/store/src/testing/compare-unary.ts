import { createClient, type Transport } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { type Clock, fixed } from '@taas/service';
import { EtcdConnection } from '../etcd-connection.js';
import { EtcdTransport } from '../etcd-transport.js';
import { toBytes } from '../etcd-wire.js';
import { KV } from '../generated/etcd_pb.js';

/** Calls a second of one way of making calls. */
export interface UnaryRates {
  /** One call after the other. */
  readonly oneByOne: number;
  /** 64 at a time. */
  readonly sideBySide: number;
  /** CPU of this process for a call when they are made side by side, in µs. */
  readonly cpuMicros: number;
}

const calls = { oneByOne: 2_000, sideBySide: 8_000 };
const atATime = 64;

/**
 * Our unary transport beside connect-node's, on connections of the same kind to the same etcd: reads of one key of 500 bytes.
 * They take turns in short spells, so that what else the machine does hits both.
 */
export async function compareUnary(
  url: string,
  clock: Clock,
): Promise<{ readonly ours: UnaryRates; readonly library: UnaryRates }> {
  const connections = [0, 1].map(() => new EtcdConnection(url, { tls: fixed({}), clock, timeoutMs: 5_000 }));
  const [first, second] = connections;
  if (!first || !second) throw new Error('two connections were made');
  const streaming = (sessionManager: EtcdConnection): Transport =>
    createGrpcTransport({ baseUrl: url, sessionManager, acceptCompression: [] });
  const sides = [new EtcdTransport(first, streaming(first)), streaming(second)].map((transport) => {
    const kv = createClient(KV, transport);
    return { kv, oneByOneMs: 0, sideBySideMs: 0, cpuMicros: 0 };
  });
  try {
    const request = { key: toBytes('/bench/unary') };
    await sides[0]?.kv.put({ ...request, value: toBytes('x'.repeat(500)) });
    const spells = 10;
    for (let spell = -1; spell < spells; spell += 1)
      for (const side of sides) {
        const begun = clock.monotonic();
        for (let n = 0; n < calls.oneByOne / spells; n += 1) await side.kv.range(request);
        const between = clock.monotonic();
        const cpu = process.cpuUsage();
        const worker = async (): Promise<void> => {
          for (let n = 0; n < calls.sideBySide / spells / atATime; n += 1) await side.kv.range(request);
        };
        await Promise.all(Array.from({ length: atATime }, worker));
        const { user, system } = process.cpuUsage(cpu);
        if (spell < 0) continue; // Nobody's code was compiled yet.
        side.oneByOneMs += between - begun;
        side.sideBySideMs += clock.monotonic() - between;
        side.cpuMicros += user + system;
      }
    const made = Math.ceil(calls.sideBySide / spells / atATime) * atATime * spells;
    const [ours, library] = sides.map(({ oneByOneMs, sideBySideMs, cpuMicros }) => ({
      oneByOne: (calls.oneByOne / oneByOneMs) * 1000,
      sideBySide: (made / sideBySideMs) * 1000,
      cpuMicros: cpuMicros / made,
    }));
    if (!ours || !library) throw new Error('two sides were measured');
    return { ours, library };
  } finally {
    for (const connection of connections) connection.close();
  }
}
