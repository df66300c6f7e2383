import { taas } from '@taas/cli/testing';
import { connectToSwitch, HostReceiver, joinHost } from '@taas/lab';
import { keys, prefixes } from '@taas/model';
import { compareFrames, pcapngContents, udp } from '@taas/packets';
import { afterEach, describe, expect, it } from 'vitest';
import { keysOfTaps } from './at-rest.js';
import { type LabSettings, TapLab } from './tap-lab.js';

const [nodeA, nodeB] = ['node-a', 'node-b'] as const;
/** Where this machine receives, as the nodes reach it. */
const address = '10.98.0.1';
/** Within so long nothing of a capture is left in VPP, whoever has died. */
const endsMs = 10_000;

interface Shown {
  readonly id: string;
  readonly status: string;
  readonly status_reason: string;
  readonly counted: { readonly received: number; readonly delivered: number; readonly dropped: number };
}

/** What is captured, frame by frame, and what is left of a capture that ended, however it did; on whatever switch. */
export function describeCaptures(name: string, settings: () => LabSettings, programs: () => LabSettings): void {
  let lab: TapLab;
  afterEach(async () => {
    await lab?.stop();
  });

  async function start(): Promise<void> {
    const receiver = new HostReceiver();
    const given = settings();
    lab = await TapLab.start({
      ...given,
      ...{ nodes: [nodeA, nodeB], transport: 'either' },
      server: { project_share: 0.5, captures: { address } },
      // What a real VPP sends here comes by the kernel.
      ...(given.switch === 'simulated' ? { seams: { openReceiver: receiver.open } } : {}),
    });
    await joinHost(lab.cloud, address, receiver);
  }

  const json = async (method: string, path: string, body?: object, project = lab.project) => {
    const { status, text } = await lab.cloud.ask(method, path, { project, ...(body ? { body } : {}) });
    return { status, body: text === '' ? {} : JSON.parse(text) };
  };

  async function capture(wish: object): Promise<Shown> {
    const { status, body } = await json('POST', 'captures', { capture: wish });
    expect({ status, body }).toMatchObject({ status: 201 });
    return body.capture;
  }

  const show = async (id: string): Promise<Shown> => (await json('GET', `captures/${id}`)).body.capture;
  const active = (id: string) =>
    lab.eventually(async () => expect(await show(id)).toMatchObject({ status: 'ACTIVE', status_reason: '' }));

  /** Reads the whole file, as it comes. */
  async function reader(id: string, signal?: AbortSignal) {
    const response = await fetch(`${lab.cloud.url}/v2.0/taas/captures/${id}/stream`, {
      headers: { 'x-project-id': lab.project, 'x-roles': 'member' },
      ...(signal ? { signal } : {}),
    });
    expect(response.status).toBe(200);
    return { contents: async () => pcapngContents(new Uint8Array(await response.arrayBuffer()), 'the capture') };
  }

  /** Tags of ours, tunnels and mirrors that a node's VPP has. */
  async function standing(node: string): Promise<readonly string[]> {
    const vpp = await connectToSwitch(lab.cloud.node(node).switch, 'somebody');
    try {
      const interfaces = await vpp.dump('sw_interface_dump', {
        sw_if_index: none,
        name_filter_valid: false,
        name_filter: '',
      });
      const domains = await vpp.dump('bridge_domain_dump', { bd_id: none, sw_if_index: none });
      const mirrors = await vpp.dump('sw_interface_span_dump', { is_l2: true });
      return [
        ...interfaces.filter(({ tag }) => tag.startsWith('taas.')).map(({ tag }) => tag),
        ...domains.filter(({ bd_tag }) => bd_tag.startsWith('taas.')).map(({ bd_tag }) => bd_tag),
        ...mirrors.map(({ sw_if_index_from }) => `mirror of ${sw_if_index_from}`),
      ];
    } finally {
      await vpp.close();
    }
  }

  /** Nothing of a capture is left in VPP; and, if somebody is there to see to it, in etcd. */
  async function gone(inEtcd = true): Promise<void> {
    await lab.eventually(async () => {
      for (const { name: node } of lab.cloud.nodes)
        expect({ node, standing: await standing(node) }).toEqual({ node, standing: [] });
      if (inEtcd) expect(await keysOfTaps(lab.cloud)).toEqual([]);
    }, endsMs);
  }

  const received = (id: string, frames: number) =>
    lab.eventually(async () => expect((await show(id)).counted.received).toBe(frames));

  describe(`${name}: a capture`, () => {
    it('has exactly the frames of its port, each in its direction, and leaves nothing', {
      timeout: 120_000,
    }, async () => {
      await start();
      const [vm, other] = [await lab.vm(nodeA), await lab.vm(nodeA)];
      const { id } = await capture({ source_ports: [vm.port.id] });
      await active(id);
      const file = await reader(id);
      const [out, into] = [lab.frames(50), lab.frames(40)];
      await lab.sends(vm, out);
      await lab.isSent(vm, into);
      await lab.sends(other, lab.frames(5));
      await received(id, out.length + into.length);
      expect((await json('DELETE', `captures/${id}`)).status).toBe(204);
      const { packets, statistics } = await file.contents();
      for (const [direction, sent, flag] of [
        ['OUT', out, 'outbound'],
        ['IN', into, 'inbound'],
      ] as const) {
        const of = packets.filter((packet) => packet.interface === `${vm.port.id} ${direction}`);
        expect(new Set(of.map((packet) => packet.direction))).toEqual(new Set([flag]));
        const { matched, lost, duplicated, foreign } = compareFrames(
          sent,
          of.map(({ frame }) => frame),
        );
        const all = { matched: sent.length, lost: [], duplicated: [], foreign: [] };
        expect({ direction, matched, lost, duplicated, foreign }).toEqual({ direction, ...all });
      }
      expect(packets).toHaveLength(out.length + into.length);
      expect(statistics.slice(-2).map(({ delivered }) => delivered)).toEqual([50n, 40n]);
      await gone();
    });

    it("takes what its filter wants, and refuses a port that is another project's", { timeout: 120_000 }, async () => {
      await start();
      const theirs = await lab.as('somebody-else').vm(nodeA);
      const refused = await json('POST', 'captures', { capture: { source_ports: [theirs.port.id] } });
      expect([refused.status, refused.body.NeutronError.type]).toEqual([404, 'PortNotFound']);
      const vm = await lab.vm(nodeA);
      const filter_rules = [{ action: 'accept', ethertype: 'IPv4', protocol: 'udp', destination_port: '4000' }];
      const wish = { source_ports: [vm.port.id], direction: 'OUT' };
      const [some, all] = [await capture({ ...wish, filter_rules }), await capture({ ...wish, snaplen: 64 })];
      for (const { id } of [some, all]) await active(id);
      const [file, whole] = [await reader(some.id), await reader(all.id)];
      const others = lab.frames(20);
      const wanted = [1, 2, 3].map((n) =>
        udp({
          ...{ src: '02:aa:00:00:00:01', dst: '02:aa:00:00:00:02', srcIp: '192.0.2.1', dstIp: '192.0.2.2' },
          ...{ srcPort: 1000, dstPort: 4000, payload: new Uint8Array(500).fill(n) },
        }),
      );
      await lab.sends(vm, [...others, ...wanted]);
      await received(all.id, others.length + wanted.length);
      await received(some.id, wanted.length);
      for (const { id } of [some, all]) await json('DELETE', `captures/${id}`);
      const { matched, foreign } = compareFrames(
        wanted,
        (await file.contents()).packets.map(({ frame }) => frame),
      );
      expect({ matched, foreign }).toEqual({ matched: wanted.length, foreign: [] });
      const long = (await whole.contents()).packets.filter(({ length }) => length > 500);
      expect(long.map(({ frame }) => frame)).toEqual(wanted.map((frame) => frame.slice(0, 64)));
      await gone();
    });

    it('follows its port to another node', { timeout: 120_000 }, async () => {
      await start();
      const vm = await lab.vm(nodeA);
      const { id } = await capture({ source_ports: [vm.port.id], direction: 'OUT' });
      await active(id);
      const file = await reader(id);
      const before = lab.frames(10);
      await lab.sends(vm, before);
      await received(id, before.length);
      await lab.cloud.bindings.unbind(nodeA, vm.port.id);
      await lab.cloud.node(nodeA).switch.removePort(vm.port);
      const moved = await lab.vm(nodeB, vm.port.id);
      await lab.eventually(async () => {
        const key = keys.stateResource(nodeB, 'tap_flows', await flowOf(vm.port.id));
        expect((await lab.cloud.store.get(key))?.value).toContain('"ACTIVE"');
      });
      await active(id);
      const after = lab.frames(10);
      await lab.sends(moved, after);
      await received(id, before.length + after.length);
      await json('DELETE', `captures/${id}`);
      const { packets } = await file.contents();
      const comparison = compareFrames(
        [...before, ...after],
        packets.map(({ frame }) => frame),
      );
      expect(comparison).toMatchObject({ matched: 20, lost: [], duplicated: [], foreign: [] });
      await gone();
    });

    it('is read by the command, and Ctrl-C ends it with what there is', { timeout: 120_000 }, async () => {
      await start();
      const vm = await lab.vm(nodeA);
      const env = { OS_AUTH_TYPE: 'none', OS_PROJECT_ID: lab.project, OS_ENDPOINT: lab.cloud.url };
      const interrupted = new AbortController();
      const words = ['capture', vm.port.id, '-w', 'frames.pcapng', '--direction', 'out', '--description', 'a look'];
      const running = taas({ env, signal: interrupted.signal }, ...words);
      let id = '';
      await lab.eventually(async () => {
        const { captures } = (await json('GET', 'captures')).body;
        expect(captures).toHaveLength(1);
        id = captures[0].id;
      });
      await active(id);
      const out = lab.frames(20);
      await lab.sends(vm, out);
      await received(id, out.length);
      interrupted.abort(new Error('Ctrl-C'));
      const { code, err, sunk } = await running;
      expect({ code, err }).toEqual({ code: 0, err: expect.stringContaining('20 packets, 0 lost on the way to here') });
      const { packets, comment } = pcapngContents(sunk.get('frames.pcapng') ?? new Uint8Array(), 'frames.pcapng');
      expect(
        compareFrames(
          out,
          packets.map(({ frame }) => frame),
        ),
      ).toMatchObject({ matched: 20, foreign: [] });
      expect(comment).toContain('a look');
      await gone();
    });

    it('is gone from VPP when its client is', { timeout: 120_000 }, async () => {
      await start();
      const vm = await lab.vm(nodeA);
      const { id } = await capture({ source_ports: [vm.port.id] });
      await active(id);
      const client = new AbortController();
      await reader(id, client.signal);
      expect(await standing(nodeA)).not.toEqual([]);
      client.abort();
      await gone();
      expect(await show(id)).toMatchObject({ status: 'ENDED', status_reason: 'the client has gone' });
    });
  });

  it(`${name}: a capture is gone from VPP when its server was killed, though nobody is left to say so`, {
    timeout: 180_000,
  }, async () => {
    lab = await TapLab.start({
      ...{ ...programs(), nodes: [nodeA, nodeB], transport: 'either' },
      // No frames here: it need not be an address of this machine.
      server: { project_share: 0.5, captures: { address, listen_address: '127.0.0.1' } },
    });
    await joinHost(lab.cloud, address, new HostReceiver());
    const vm = await lab.vm(nodeA);
    const { id } = await capture({ source_ports: [vm.port.id] });
    const client = await reader(id);
    await active(id);
    expect(await standing(nodeA)).not.toEqual([]);
    await lab.cloud.server().stop('kill');
    await expect(client.contents()).rejects.toThrow();
    await gone(false);
    await lab.cloud.server().start();
    await gone();
  });

  async function flowOf(port: string): Promise<string> {
    const { entries } = await lab.cloud.store.list(prefixes.tapFlows);
    const found = entries.find(({ value }) => value.includes(`"source_port":"${port}"`));
    if (!found) throw new Error(`no flow copies port ${port}`);
    return found.key.slice(prefixes.tapFlows.length);
  }
}

const none = 0xffffffff;
