import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  keys,
  type Link,
  type NodeTapFlow,
  type NodeTapService,
  nodeTapFlowCodec,
  nodeTapServiceCodec,
} from '@taas/model';
import type { Operation } from '@taas/store';
import { until } from '../cloud/until.js';
import type { LabPort, PortOptions } from '../lab-switch.js';
import { RealSwitch } from '../real-switch.js';
import type { BenchContext } from './bench-context.js';
import { MeasuredAgent } from './measured-agent.js';

const physnet = 'physnet1';
const firstVlan = 3900;

/**
 * A VPP with one worker that forwards as fast as it can: a source that sends without end to a peer of its network, another
 * such pair that nobody taps, collectors, and an uplink. Beside it our agent, told by an etcd of its own.
 */
export class ForwardingNode {
  readonly #closers: (() => Promise<unknown>)[] = [];
  #stream = 0;

  private constructor(
    private readonly context: BenchContext,
    readonly vpp: RealSwitch,
    readonly ports: {
      readonly source: LabPort;
      readonly peer: LabPort;
      readonly idle: LabPort;
      readonly idlePeer: LabPort;
      readonly collectors: readonly LabPort[];
      readonly uplink: LabPort;
    },
    private readonly agent: MeasuredAgent,
  ) {}

  static async start(
    context: BenchContext,
    collectors: readonly Pick<PortOptions, 'socket'>[],
  ): Promise<ForwardingNode> {
    if (context.vpp === undefined) throw new Error(`a real VPP is needed: ${context.vppMissing}`);
    const closers: (() => Promise<unknown>)[] = [];
    try {
      const tuning = { pollSleepMicroseconds: 0, workers: 1 };
      const vpp = new RealSwitch(context.vpp, context.directory, `bench-${process.pid}`, context.clock, tuning);
      closers.push(() => vpp.stop());
      await vpp.start();
      const port = (bridgeDomain: number, more: Pick<PortOptions, 'socket'> = {}) =>
        vpp.addPort({ id: randomUUID(), bridgeDomain, ...more });
      const [source, peer] = [await port(10), await port(10)];
      const [idle, idlePeer] = [await port(11), await port(11)];
      const sinks: LabPort[] = [];
      for (const collector of collectors) sinks.push(await port(20, collector));
      const uplink = await vpp.addPort({ id: 'uplink', bridgeDomain: 30, tag: `net-vpp.physnet:${physnet}` });
      const agent = await MeasuredAgent.prepare(context, vpp.apiSocket, { physnets: [{ name: physnet }] });
      closers.push(() => agent.stop());
      await agent.process.start(false);
      const ports = { source, peer, idle, idlePeer, collectors: sinks, uplink };
      const made = new ForwardingNode(context, vpp, ports, agent);
      made.#closers.push(...closers);
      return made;
    } catch (error) {
      for (const close of closers.reverse()) await close();
      throw error;
    }
  }

  async stop(): Promise<void> {
    for (const close of this.#closers.reverse()) await close();
  }

  /**
   * Has our agent tap the source for the first `count` collectors, here or on another node.
   * @returns what takes the taps away again
   */
  async tap(where: 'local' | 'remote', count: number): Promise<() => Promise<void>> {
    const services: NodeTapService[] = [];
    const flows: NodeTapFlow[] = [];
    for (const [n, collector] of this.ports.collectors.slice(0, count).entries()) {
      const [service, flow] = [randomUUID(), randomUUID()];
      const target: NodeTapFlow['target'] = where === 'local' ? { type: 'local' } : vlanLink(n);
      if (where === 'local')
        services.push({ v: 1, id: service, project_id: 'bench', port_id: collector.id, inputs: [] });
      flows.push({
        v: 1,
        id: flow,
        project_id: 'bench',
        tap_service_id: service,
        source_port: this.ports.source.id,
        ...{ direction: 'BOTH', vlan_filter: null, filter: [], target },
      });
    }
    const puts = [
      ...services.map((each) => ['tap_services', each.id, nodeTapServiceCodec.format(each)] as const),
      ...flows.map((each) => ['tap_flows', each.id, nodeTapFlowCodec.format(each)] as const),
    ];
    const operations = puts.map(([kind, id, value]): Operation => {
      return { kind: 'put', key: keys.nodeResource(this.agent.node, kind, id), value };
    });
    await this.agent.store.transact({ compare: [], operations });
    await this.agent.states.until('the taps are ACTIVE', () => this.agent.states.active === count, 60_000);
    return async () => {
      const gone = operations.map(({ key }): Operation => ({ kind: 'delete', key }));
      await this.agent.store.transact({ compare: [], operations: gone });
      await this.until('the taps are gone', async () => {
        const left = `${await this.vpp.cli('show interface span')}${await this.vpp.cli('show interface')}`;
        return !/\(\s*both\)|^loop|^\S+\d\.\d/m.test(left);
      });
      // Or the next taps would seem ACTIVE by these.
      await this.agent.states.until('nothing is ACTIVE', () => this.agent.states.active === 0, 60_000);
    };
  }

  /** The same as the Python driver makes it: mirrored to the collector's port, or to a sub-interface of the uplink. */
  async tapAsPython(where: 'local' | 'remote', count: number): Promise<() => Promise<void>> {
    const source = this.vpp.nameOf(this.ports.source);
    const undo: string[] = [];
    for (const [n, collector] of this.ports.collectors.slice(0, count).entries()) {
      let target = this.vpp.nameOf(collector);
      if (where === 'remote') {
        const vlan = firstVlan + n;
        target = `${this.vpp.nameOf(this.ports.uplink)}.${vlan}`;
        await this.vpp.cli(`create sub-interfaces ${this.vpp.nameOf(this.ports.uplink)} ${vlan}`);
        await this.vpp.cli(`set interface state ${target} up`);
        await this.vpp.cli(`set interface l2 bridge ${target} ${vlan}`);
        await this.vpp.cli(`set interface l2 tag-rewrite ${target} pop 1`);
        undo.unshift(`delete sub-interface ${target}`);
      }
      await this.vpp.cli(`set interface span ${source} l2 destination ${target} both`);
      undo.unshift(`set interface span ${source} l2 destination ${target} disable`);
    }
    return async () => {
      for (const command of undo) await this.vpp.cli(command);
    };
  }

  /**
   * Packets that reach the peer in a second of the worker's processor time while the port sends frames of `size` bytes, and
   * how many copies each makes. The worker never rests, so on a machine that has nothing else to do that is a second.
   */
  async rate(from: LabPort, to: LabPort, size: number): Promise<{ readonly pps: number; readonly copies: number }> {
    return this.whileSending(from, to, size, 'limit 0', async () => {
      await this.context.clock.sleep(200);
      const before = await this.counters(to);
      await this.context.clock.sleep(600);
      const after = await this.counters(to);
      const [packets, copies] = [after.peer - before.peer, after.copies - before.copies];
      return { pps: packets / (after.at - before.at), copies: packets === 0 ? 0 : copies / packets };
    });
  }

  /** Of as many frames as the port sends in a second at `pps` frames a second, those that do not reach the peer. */
  async lost(from: LabPort, to: LabPort, size: number, pps: number): Promise<number> {
    const arrived = async () => (await this.vpp.counters()).get(to.swIfIndex)?.txPackets ?? 0;
    const before = await arrived();
    await this.whileSending(from, to, size, `limit ${pps} rate ${pps}`, (name) =>
      this.until(
        'all is sent',
        async () => !new RegExp(`^${name}\\s+Yes`, 'm').test(await this.vpp.cli('show packet-generator')),
      ),
    );
    return before + pps - (await arrived());
  }

  /** @param how pace and number, in the packet generator's words */
  private async whileSending<T>(
    from: LabPort,
    to: LabPort,
    size: number,
    how: string,
    work: (stream: string) => Promise<T>,
  ): Promise<T> {
    const name = `flood${this.#stream++}`;
    await this.vpp.cli(
      `packet-generator new { name ${name} size ${size}-${size} ${how} worker 0 interface ${this.vpp.nameOf(from)} ` +
        `node ethernet-input data { IP4: ${mac(from)} -> ${mac(to)} UDP: 10.0.0.1 -> 10.0.0.2 UDP: 1234 -> 2345 ` +
        `incrementing ${size - 42} } }`,
    );
    await this.vpp.cli(`packet-generator enable-stream ${name}`);
    try {
      return await work(name);
    } finally {
      await this.vpp.cli(`packet-generator disable-stream ${name}`);
      await this.vpp.cli(`packet-generator delete ${name}`);
    }
  }

  /** Both networks know where their peers are, so that nothing is flooded. */
  async learn(): Promise<void> {
    const { source, peer, idle, idlePeer } = this.ports;
    for (const port of [source, peer, idle, idlePeer])
      await this.vpp.cli(`l2fib add ${mac(port)} ${port.bridgeDomain} ${this.vpp.nameOf(port)}`);
  }

  private async counters(to: LabPort) {
    const at = this.workerSeconds();
    const all = await this.vpp.counters();
    const tx = ({ swIfIndex }: LabPort): number => all.get(swIfIndex)?.txPackets ?? 0;
    const copies = [...this.ports.collectors, this.ports.uplink].reduce((sum, port) => sum + tx(port), 0);
    return { at, peer: tx(to), copies };
  }

  private workerSeconds(): number {
    const tasks = `/proc/${this.vpp.pid}/task`;
    const worker = readdirSync(tasks).find((id) => readFileSync(join(tasks, id, 'comm'), 'utf8').startsWith('vpp_wk'));
    if (worker === undefined) throw new Error('this VPP has no worker thread');
    // The first field: nanoseconds on a processor.
    return Number(readFileSync(join(tasks, worker, 'schedstat'), 'utf8').split(' ')[0]) / 1e9;
  }

  private until(what: string, reached: () => Promise<boolean>): Promise<void> {
    return until(this.context.clock, what, reached, { timeoutMs: 30_000, everyMs: 10 });
  }
}

function vlanLink(n: number): Link {
  return { type: 'vlan', physnet, vlan: firstVlan + n };
}

function mac(port: LabPort): string {
  return `00:00:00:00:01:${port.swIfIndex.toString(16).padStart(2, '0')}`;
}
