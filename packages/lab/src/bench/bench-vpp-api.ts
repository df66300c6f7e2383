import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type AgentMessages, agentMessages, connect, type VppClient } from 'vpp-api';
import { RealSwitch } from '../real-switch.js';
import type { BenchContext } from './bench-context.js';
import type { BenchResult, Figure } from './bench-result.js';

const pings = 300_000;
const flows = 500;

/**
 * Our client of the binary API beside VPP's Python one, on the same VPP in the same run: control_pings a second, and the
 * time of 500 flows of three calls each (loopback, bridge domain, SPAN).
 */
export async function benchVppApi(context: BenchContext): Promise<BenchResult> {
  if (context.vpp === undefined)
    return { bench: 'vpp-api', figures: [], notes: [`not measured: ${context.vppMissing}`] };
  const vpp = new RealSwitch(context.vpp, context.directory, 'bench-api', context.clock);
  await vpp.start();
  try {
    const client = await connect({ socketPath: vpp.apiSocket, clientName: 'bench', messages: agentMessages });
    await pingAll(client, 20_000);
    const pingSeconds = await timed(context, () => pingAll(client, pings));
    const oneByOneSeconds = await timed(context, async () => {
      for (let i = 0; i < 2_000; i += 1) await client.ping();
    });
    const flowSeconds = await makeFlows(client, context);
    await client.close();
    const peer = await papiPeer(context.vpp.path, vpp.apiSocket);
    return { bench: 'vpp-api', figures: figures(pingSeconds, oneByOneSeconds, flowSeconds, peer), notes: notes(peer) };
  } finally {
    await vpp.stop();
  }
}

type Client = VppClient<AgentMessages>;

async function pingAll(client: Client, count: number): Promise<void> {
  const batch = 1_000;
  for (let sent = 0; sent < count; sent += batch) {
    const replies: Promise<unknown>[] = [];
    for (let i = 0; i < batch; i += 1) replies.push(client.request('control_ping', {}));
    await Promise.all(replies);
  }
}

/** @returns seconds from the first request to the last reply */
async function makeFlows(client: Client, context: BenchContext): Promise<number> {
  const bridge = (rx_sw_if_index: number, bd_id: number, shg: number) =>
    client.request('sw_interface_set_l2_bridge', { rx_sw_if_index, bd_id, port_type: 0, shg, enable: true });
  const loopback = async () =>
    (
      await client.request('create_loopback_instance', {
        mac_address: new Uint8Array(6),
        is_specified: false,
        user_instance: 0,
      })
    ).sw_if_index;
  const source = await loopback();
  await bridge(source, 6001, 0);
  const made: number[] = [];
  const flow = async () => {
    const index = await loopback();
    made.push(index);
    await Promise.all([bridge(index, 6000, 1), span(client, source, index, 3)]);
  };
  const seconds = await timed(context, () => Promise.all(Array.from({ length: flows }, flow)));
  for (const index of made) {
    await span(client, source, index, 0);
    await client.request('delete_loopback', { sw_if_index: index });
  }
  return seconds;
}

function span(client: Client, from: number, to: number, state: 0 | 3): Promise<unknown> {
  return client.request('sw_interface_span_enable_disable', {
    sw_if_index_from: from,
    sw_if_index_to: to,
    state,
    is_l2: true,
  });
}

interface PapiFigures {
  readonly pings: number;
  readonly ping_seconds: number;
  readonly flows: number;
  readonly flow_seconds: number;
}

/** @returns the Python client's figures, or why there are none */
async function papiPeer(binary: string, socket: string): Promise<PapiFigures | string> {
  const prefix = dirname(dirname(binary));
  const definitions = join(prefix, 'share/vpp/api');
  const modules = pythonFolders(prefix).filter((folder) => existsSync(join(folder, 'vpp_papi')));
  if (!existsSync(definitions)) return `no API definitions under ${prefix}`;
  const script = fileURLToPath(new URL('../../bench/papi-peer.py', import.meta.url));
  const run = spawn('python3', [script, definitions, socket], {
    env: { ...process.env, PYTHONPATH: modules.join(':') },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let errors = '';
  run.stdout.on('data', (chunk) => {
    output += chunk;
  });
  run.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  const code = await new Promise<number | string | null>((resolve) => {
    run.once('error', (error) => resolve(error.message));
    run.once('close', resolve);
  });
  if (code !== 0) return `the Python client did not run: ${errors.trim().split('\n').at(-1) || code}`;
  return JSON.parse(output) as PapiFigures;
}

/** Where an installation under `prefix` may keep Python modules. */
function pythonFolders(prefix: string): string[] {
  return ['lib', 'local/lib']
    .map((lib) => join(prefix, lib))
    .filter((lib) => existsSync(lib))
    .flatMap((lib) =>
      readdirSync(lib)
        .filter((name) => name.startsWith('python3'))
        .map((name) => join(lib, name)),
    )
    .flatMap((folder) => [join(folder, 'dist-packages'), join(folder, 'site-packages')]);
}

function figures(pingSeconds: number, oneByOne: number, flowSeconds: number, peer: PapiFigures | string): Figure[] {
  const rate = pings / pingSeconds;
  const own: Figure[] = [
    { what: 'control_ping, pipelined', value: rate, unit: '/s', target: { kind: 'at-least', value: 100_000 } },
    { what: 'control_ping, one after the other', value: 2_000 / oneByOne, unit: '/s' },
    { what: '500 flows of three calls', value: flowSeconds, unit: 's', target: { kind: 'at-most', value: 0.2 } },
  ];
  if (typeof peer === 'string') return own;
  return [
    ...own,
    { what: 'vpp_papi: control_ping', value: peer.pings / peer.ping_seconds, unit: '/s' },
    { what: 'vpp_papi: 500 flows of three calls', value: peer.flow_seconds, unit: 's' },
    { what: 'ours / vpp_papi: 500 flows, times as fast', value: peer.flow_seconds / flowSeconds, unit: 'x' },
  ];
}

function notes(peer: PapiFigures | string): string[] {
  return typeof peer === 'string' ? [`no peer beside it: ${peer}`] : ['one VPP, both clients one after the other'];
}

async function timed(context: BenchContext, work: () => Promise<unknown>): Promise<number> {
  const start = context.clock.monotonic();
  await work();
  return (context.clock.monotonic() - start) / 1_000;
}
