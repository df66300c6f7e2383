import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  connect,
  defineMessages,
  type LabMessages,
  labMessages,
  toVppAddress,
  type VppClient,
  VppCompatibilityError,
} from 'vpp-api';

const prefix = process.env['VPP_PREFIX'];
const candidates = [
  ...(prefix === undefined ? [] : [join(prefix, 'bin')]),
  ...(process.env['PATH'] ?? '').split(delimiter),
];
const binary = candidates.map((directory) => join(directory, 'vpp')).find((file) => existsSync(file));
const why = binary === undefined ? ' (skipped: no vpp on PATH or under VPP_PREFIX)' : '';
const ALL = 0xffffffff;

/** A VPP of our own, below a directory of its own; nothing of a VPP that already runs is touched. */
async function launch(
  vpp: string,
): Promise<{ readonly socketPath: string; readonly child: ChildProcess; stop(): Promise<void> }> {
  const directory = await mkdtemp(join(tmpdir(), 'vpp-api-'));
  const socketPath = join(directory, 'api.sock');
  const configuration = join(directory, 'startup.conf');
  await writeFile(
    configuration,
    `unix { nodaemon cli-listen ${directory}/cli.sock runtime-dir ${directory} log ${directory}/vpp.log }
socksvr { socket-name ${socketPath} }
api-segment { prefix vpp-api-${process.pid} }
statseg { socket-name ${directory}/stats.sock }
plugins { plugin default { disable } plugin acl_plugin.so { enable } plugin memif_plugin.so { enable }
 plugin vxlan_plugin.so { enable } plugin gre_plugin.so { enable } plugin vhost_plugin.so { enable } }
`,
  );
  const child = spawn(vpp, ['-c', configuration], { stdio: 'ignore' });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  for (let tries = 0; !existsSync(socketPath); tries++) {
    if (tries > 300 || child.exitCode !== null) throw new Error(`vpp did not come up, see ${directory}/vpp.log`);
    await delay(100);
  }
  return {
    socketPath,
    child,
    stop: async () => {
      child.kill('SIGKILL');
      await exited;
      await rm(directory, { recursive: true, force: true });
    },
  };
}

describe.skipIf(binary === undefined)(`vpp-api on a real VPP${why}`, () => {
  let vpp: Awaited<ReturnType<typeof launch>>;
  let client: VppClient<LabMessages>;

  const open = () => connect({ socketPath: vpp.socketPath, clientName: 'vpp-api-test', messages: labMessages });
  const loopback = () =>
    client.request('create_loopback_instance', {
      mac_address: new Uint8Array(6),
      is_specified: false,
      user_instance: 0,
    });

  beforeAll(async () => {
    vpp = await launch(binary ?? 'vpp');
    client = await open();
  });

  afterAll(async () => {
    await client?.close();
    await vpp?.stop();
  });

  it('knows every message that agent and lab use, and the version', () => {
    expect(client.version.version).toMatch(/^\d\d\.\d\d/);
    expect(client.definitions.messageNames.length).toBeGreaterThan(500);
  });

  it('requests, dumps, tags; a refused request by VPP’s own name', async () => {
    const { sw_if_index } = await loopback();
    await client.request('sw_interface_tag_add_del', { is_add: true, sw_if_index, tag: 'a tag' });
    const found = await client.dump('sw_interface_dump', {
      sw_if_index: ALL,
      name_filter_valid: false,
      name_filter: '',
    });
    expect(found.find((each) => each.sw_if_index === sw_if_index)).toMatchObject({
      tag: 'a tag',
      interface_name: 'loop0',
    });
    await client.request('delete_loopback', { sw_if_index });
    await expect(client.request('delete_loopback', { sw_if_index })).rejects.toMatchObject({
      errorName: 'VNET_API_ERROR_INVALID_SW_IF_INDEX',
      messageName: 'delete_loopback',
    });
  });

  it('events', async () => {
    await client.request('want_interface_events', { enable_disable: 1, pid: process.pid });
    const { sw_if_index } = await loopback();
    const event = new Promise<number>((resolve) => {
      const subscription = client.on('sw_interface_event', (received) => {
        if (!received.deleted || received.sw_if_index !== sw_if_index) return;
        subscription[Symbol.dispose]();
        resolve(received.sw_if_index);
      });
    });
    await client.request('delete_loopback', { sw_if_index });
    expect(await event).toBe(sw_if_index);
  });

  it('nested types, unions and variable arrays come back as they were sent', async () => {
    const any = { address: toVppAddress('0.0.0.0'), len: 0 };
    const rule = {
      is_permit: 1,
      src_prefix: { address: toVppAddress('10.1.2.0'), len: 24 },
      dst_prefix: any,
      proto: 17,
      srcport_or_icmptype_first: 1000,
      srcport_or_icmptype_last: 2000,
      dstport_or_icmpcode_first: 0,
      dstport_or_icmpcode_last: 65535,
      tcp_flags_mask: 0,
      tcp_flags_value: 0,
    };
    const deny = { ...rule, is_permit: 0, proto: 0, srcport_or_icmptype_first: 0, srcport_or_icmptype_last: 65535 };
    const { acl_index } = await client.request('acl_add_replace', { acl_index: ALL, tag: 'test', r: [rule, deny] });
    const [acl] = await client.dump('acl_dump', { acl_index });
    expect(acl).toMatchObject({ acl_index, tag: 'test', count: 2, r: [rule, deny] });
    await client.request('acl_del', { acl_index });
  });

  it('thousands of requests at once, each with its own answer', async () => {
    const made = await Promise.all(Array.from({ length: 2000 }, () => client.request('control_ping', {})));
    expect(new Set(made.map(({ vpe_pid }) => vpe_pid)).size).toBe(1);
    const names = Array.from({ length: 50 }, (_, i) => `net-${i}`);
    await Promise.all(
      names.map((bd_tag, i) =>
        client.request('bridge_domain_add_del_v2', {
          bd_id: 9000 + i,
          flood: true,
          uu_flood: true,
          forward: false,
          learn: false,
          arp_term: false,
          arp_ufwd: false,
          mac_age: 0,
          bd_tag,
          is_add: true,
        }),
      ),
    );
    const domains = await client.dump('bridge_domain_dump', { bd_id: ALL, sw_if_index: ALL });
    expect(new Set(domains.map(({ bd_tag }) => bd_tag))).toEqual(new Set(names));
  });

  it('a program written for another VPP is told every mismatch', async () => {
    const messages = defineMessages({
      requests: { delete_loopback: { request: { index: 'u32' }, reply: { retval: 'u32' } } },
      dumps: {},
      events: {},
    });
    const attempt = connect({ socketPath: vpp.socketPath, clientName: 'other', messages });
    await expect(attempt).rejects.toBeInstanceOf(VppCompatibilityError);
    await expect(attempt).rejects.toMatchObject({
      mismatches: [
        'delete_loopback.index: VPP has no such field',
        'delete_loopback.sw_if_index: VPP has this field (u32), the program does not know it',
        'delete_loopback_reply.retval: is i32, expected u32',
      ],
    });
  });

  it('VPP killed: everything in flight fails at once', async () => {
    const other = await launch(binary ?? 'vpp');
    const doomed = await connect({ socketPath: other.socketPath, clientName: 'doomed', messages: labMessages });
    other.child.kill('SIGSTOP');
    const pending = Promise.allSettled(Array.from({ length: 100 }, () => doomed.request('control_ping', {})));
    await other.stop();
    for (const result of await pending) expect(result).toMatchObject({ reason: { code: 'VPP_DISCONNECTED' } });
    expect(await doomed.closed).toMatchObject({ code: 'VPP_DISCONNECTED' });
    expect(doomed.health).toBe('disconnected');
  });
});
