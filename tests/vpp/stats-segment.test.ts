import { spawn } from 'node:child_process';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findVpp, VppProcess } from '@taas/lab';
import { systemClock } from '@taas/service';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  CombinedCounters,
  connect,
  findSegment,
  type LabMessages,
  labMessages,
  openSegmentFile,
  SimpleCounters,
  StatsSegment,
  type VppClient,
  VppStatsError,
  systemClock as vppClock,
} from 'vpp-api';

const vppBinary = findVpp(process.env);
const why = 'missing' in vppBinary ? ` (skipped: ${vppBinary.missing})` : '';
const frames = 12_345;
const never = new AbortController().signal;

/** What VPP itself prints of an interface's counters, by name of the interface and of the counter. */
function shownCounters(text: string): Map<string, Map<string, bigint>> {
  const found = new Map<string, Map<string, bigint>>();
  let current = new Map<string, bigint>();
  for (const line of text.split('\n')) {
    const head = /^(\S+)\s+\d+\s+(?:up|down)\s/.exec(line)?.[1];
    if (head !== undefined) {
      current = new Map();
      found.set(head, current);
    }
    const [, name, value] = /\s{2,}([a-z][a-z0-9 -]*?)\s+(\d+)\s*$/.exec(line) ?? [];
    if (name !== undefined && value !== undefined) current.set(name, BigInt(value));
  }
  return found;
}

describe.skipIf('missing' in vppBinary)(`the statistics segment of a real VPP${why}`, () => {
  let folder: string;
  let vpp: VppProcess;
  let client: VppClient<LabMessages>;
  let segment: StatsSegment;

  const cli = async (cmd: string) => (await client.request('cli_inband', { cmd })).reply;
  const counters = async () => {
    const values = await segment.read(['/if/rx', '/if/tx', '/if/drops', '/if/tx-error'], never);
    const [rx, tx, drops, txErrors] = ['/if/rx', '/if/tx', '/if/drops', '/if/tx-error'].map((name) => values.get(name));
    if (!(rx instanceof CombinedCounters && tx instanceof CombinedCounters)) throw new Error('no combined counters');
    if (!(drops instanceof SimpleCounters && txErrors instanceof SimpleCounters)) throw new Error('no simple counters');
    return { rx, tx, drops, txErrors };
  };

  beforeAll(async () => {
    if ('missing' in vppBinary) return;
    folder = await mkdtemp(join(tmpdir(), 'taas-stats-'));
    vpp = new VppProcess(vppBinary, folder, `stats-${process.pid}`, systemClock, { workers: 1, statsMegabytes: 256 });
    await vpp.start();
    client = await connect({ socketPath: vpp.apiSocket, clientName: 'stats-test', messages: labMessages });
    const { vpe_pid } = await client.request('control_ping', {});
    expect(vpe_pid).toBe(vpp.pid);
    segment = new StatsSegment(openSegmentFile(await findSegment(vpe_pid)), vppClock);
  }, 60_000);

  afterAll(async () => {
    segment?.close();
    await client?.close();
    await vpp?.kill();
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  });

  it('counts as VPP says it does, to the frame', async () => {
    await cli('create packet-generator interface pg0');
    await cli('create packet-generator interface pg1');
    await cli('create bridge-domain 1');
    for (const name of ['pg0', 'pg1']) {
      await cli(`set interface state ${name} up`);
      await cli(`set interface l2 bridge ${name} 1`);
    }
    const frame = 'IP4: 02:00:00:00:00:01 -> 02:00:00:00:00:02 UDP: 10.0.0.1 -> 10.0.0.2 UDP: 1 -> 2 incrementing 58';
    const stream = `name s limit ${frames} size 100-100 interface pg0 node ethernet-input data { ${frame} }`;
    await cli(`packet-generator new { ${stream} }`);
    await cli('packet-generator enable');
    await expect
      .poll(async () => new RegExp(`^s +No +${frames} `, 'm').test(await cli('show packet-generator')), {
        timeout: 20_000,
      })
      .toBe(true);
    const shown = shownCounters(await cli('show interface'));
    const { rx, tx, drops, txErrors } = await counters();
    const differences: string[] = [];
    for (const { sw_if_index: index, interface_name: name } of await client.dump('sw_interface_dump', {
      sw_if_index: 0xffffffff,
      name_filter_valid: false,
      name_filter: '',
    })) {
      expect(await segment.readName('/if/names', index, never)).toBe(name);
      const said = [
        ['rx packets', rx.packets(index)],
        ['rx bytes', rx.bytes(index)],
        ['tx packets', tx.packets(index)],
        ['tx bytes', tx.bytes(index)],
        ['drops', drops.count(index)],
        ['tx-error', txErrors.count(index)],
      ] as const;
      for (const [counter, value] of said) {
        const expected = shown.get(name)?.get(counter) ?? 0n;
        if (expected !== value) differences.push(`${name} ${counter}: VPP shows ${expected}, read ${value}`);
      }
    }
    expect(differences).toEqual([]);
    expect(shown.get('pg0')?.get('rx packets')).toBe(BigInt(frames));
    expect(shown.get('pg1')?.get('tx packets')).toBe(BigInt(frames));
  }, 60_000);

  it('reads on while interfaces come and go, by the hundred', async () => {
    const made: number[] = [];
    let reads = 0;
    let busy = 0;
    let done = false;
    const reading = (async () => {
      while (!done) {
        const now = await counters().catch((error: unknown) => error);
        if (now instanceof VppStatsError && now.problem === 'busy') busy++;
        else if (now instanceof Error) throw now;
        else {
          const { rx } = now as Awaited<ReturnType<typeof counters>>;
          expect(rx.packets(1)).toBe(BigInt(frames));
          reads++;
        }
        await new Promise((resolve) => setImmediate(resolve));
      }
    })();
    for (let n = 0; n < 1500; n++) {
      const { sw_if_index } = await client.request('create_loopback_instance', {
        mac_address: new Uint8Array(6),
        is_specified: true,
        user_instance: 100 + n,
      });
      made.push(sw_if_index);
    }
    for (const sw_if_index of made.slice(0, 500)) await client.request('delete_loopback', { sw_if_index });
    done = true;
    await reading;
    expect(reads).toBeGreaterThan(busy);
    expect(reads).toBeGreaterThan(10);
    expect((await counters()).rx.length).toBeGreaterThan(1500);
    const last = made.at(-1) ?? 0;
    expect(await segment.readName('/if/names', last, never)).toBe('loop1599');
  }, 120_000);

  it('says what VPP has besides: when it began, its buffers', async () => {
    const values = await segment.read(
      ['/sys/boottime', '/buffer-pools/default-numa-0/available', '/err/no/such'],
      never,
    );
    const [boot, buffers] = [values.get('/sys/boottime'), values.get('/buffer-pools/default-numa-0/available')];
    const now = BigInt(Math.floor(Date.now() / 1000));
    expect(boot?.type === 'scalar' && boot.value > now - 3600n && boot.value <= now).toBe(true);
    expect(buffers?.type === 'scalar' && buffers.value > 1000n && buffers.value <= 16_384n).toBe(true);
    expect(values.size).toBe(2);
  });

  it('survives the death of VPP in the middle of it', async () => {
    let outcome: unknown = null;
    const reading = (async () => {
      for (let n = 0; n < 2000 && outcome === null; n++) {
        await counters().catch((error: unknown) => {
          outcome = error;
        });
        await new Promise((resolve) => setImmediate(resolve));
      }
    })();
    const pid = vpp.pid ?? 0;
    await vpp.kill();
    await reading;
    // The memory stays as long as we have it open; what it says then has been VPP's last word.
    expect(outcome === null || outcome instanceof VppStatsError).toBe(true);
    await expect(findSegment(pid)).rejects.toMatchObject({ problem: 'unreachable' });
  }, 60_000);
});

/** nobody's, as an agent's user is: not root's, and not VPP's. */
const nobody = 65_534;
const isRoot = process.getuid?.() === 0;

describe.skipIf('missing' in vppBinary || !isRoot)('the segment of a VPP that is root’s, for somebody else', () => {
  let folder: string;
  let vpp: VppProcess;
  const asNobody = async (of: 'files' | 'socket') => {
    const reader = join(folder, 'read-segment.mjs');
    const child = spawn(process.execPath, [reader, of, String(vpp.pid), join(folder, 'stats.sock')], {
      ...{ uid: nobody, gid: nobody, stdio: ['ignore', 'pipe', 'pipe'], env: {} },
    });
    let [out, err] = ['', ''];
    child.stdout?.on('data', (data) => {
      out += data;
    });
    child.stderr?.on('data', (data) => {
      err += data;
    });
    await new Promise((resolve) => child.once('close', resolve));
    if (out === '') throw new Error(err);
    return JSON.parse(out) as { readonly names?: string; readonly problem?: string; readonly message?: string };
  };

  beforeAll(async () => {
    if ('missing' in vppBinary) return;
    folder = await mkdtemp(join(tmpdir(), 'taas-stats-'));
    await chmod(folder, 0o711);
    vpp = new VppProcess(vppBinary, folder, `nobody-${process.pid}`, systemClock, { group: nobody });
    await vpp.start();
    await build({
      entryPoints: [fileURLToPath(new URL('./read-segment.suite.ts', import.meta.url))],
      ...{ outfile: join(folder, 'read-segment.mjs'), bundle: true, platform: 'node', format: 'esm' },
      conditions: ['source'],
    });
    await chmod(join(folder, 'read-segment.mjs'), 0o644);
  }, 60_000);
  afterAll(async () => {
    await vpp?.kill();
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  });

  it('is not to be had by its files', async () => {
    expect(await asNobody('files')).toMatchObject({
      problem: 'unreachable',
      message: expect.stringMatching(/cannot be listed/),
    });
  });

  it('is by its socket, whose group may connect', async () => {
    expect(await asNobody('socket')).toEqual({ names: 'local0' });
  });
});
