import type { Cloud, LabPort } from '@taas/lab';
import { compareFrames } from '@taas/packets';
import { expect } from 'vitest';
import { distinctFrame } from './distinct-frames.js';
import { type FastCloudOptions, startFastCloud } from './fast-cloud.js';
import type { LogLine } from './recording-logger.js';

export const portId = (n: number): string => `cccccccc-0000-4000-8000-${n.toString().padStart(12, '0')}`;

export interface TapView {
  readonly id: string;
  readonly name: string;
  readonly status: string;
  readonly status_reason: string;
}

/** A collector on node-b, and a tapped port on each node: one tap for trouble to happen to, one that must not notice. */
export class TappedPair {
  readonly ports = new Map<number, { readonly node: string; lab: LabPort }>();
  service = '';
  /** Of port 2 on node-a, between nodes. */
  far = '';
  /** Of port 3 on node-b, within the node. */
  near = '';
  #serial = 0;

  private constructor(
    readonly cloud: Cloud,
    /** What servers and agents have logged. */
    readonly log: readonly LogLine[],
  ) {}

  static async start(more: Partial<FastCloudOptions> = {}): Promise<TappedPair> {
    const log: LogLine[] = [];
    const cloud = await startFastCloud({ nodes: ['node-a', 'node-b'], transport: 'vlan', log, ...more });
    const pair = new TappedPair(cloud, log);
    await pair.addPort(1, 'node-b');
    await pair.addPort(2, 'node-a');
    await pair.addPort(3, 'node-b');
    pair.service = await pair.createService(1);
    pair.far = await pair.createFlow(2);
    pair.near = await pair.createFlow(3);
    await pair.until('tap_flows', pair.far, 'ACTIVE');
    await pair.until('tap_flows', pair.near, 'ACTIVE');
    return pair;
  }

  async addPort(n: number, node: string, tag?: string | null): Promise<void> {
    await this.cloud.bindings.bind(node, portId(n), 'project-a');
    const options = { id: portId(n), bridgeDomain: 100 + n, ...(tag === undefined ? {} : { tag }) };
    this.ports.set(n, { node, lab: await this.cloud.node(node).switch.addPort(options) });
  }

  async createService(port: number): Promise<string> {
    const body = { tap_service: { name: 'pair', port_id: portId(port) } };
    return this.#made(await this.cloud.ask('POST', 'tap_services', { body }));
  }

  async createFlow(port: number, service = this.service): Promise<string> {
    const body = { tap_flow: { tap_service_id: service, source_port: portId(port), direction: 'OUT' } };
    return this.#made(await this.cloud.ask('POST', 'tap_flows', { body }));
  }

  async show(kind: 'tap_services' | 'tap_flows', id: string): Promise<TapView> {
    const { status, text } = await this.cloud.ask('GET', `${kind}/${id}`);
    const [view] = Object.values(JSON.parse(text) as Record<string, TapView>);
    if (status !== 200 || view === undefined) throw new Error(`GET ${kind}/${id}: ${status} ${text}`);
    return view;
  }

  /** Resolves with the tap once it has the status, and a reason that fits. */
  async until(kind: 'tap_services' | 'tap_flows', id: string, status: string, reason = /^/): Promise<TapView> {
    let view: TapView | undefined;
    await this.cloud.until(
      `${kind} ${id} is ${status} (${reason})`,
      async () => {
        view = await this.show(kind, id);
        return view.status === status && reason.test(view.status_reason);
      },
      8_000,
      () => JSON.stringify(view),
    );
    return view as unknown as TapView;
  }

  /** Deletes a flow and resolves when it is gone. */
  async remove(kind: 'tap_services' | 'tap_flows', id: string): Promise<void> {
    expect((await this.cloud.ask('DELETE', `${kind}/${id}`)).status).toBe(204);
    await this.cloud.until('it is gone', async () => (await this.cloud.ask('GET', `${kind}/${id}`)).status === 404);
  }

  /** Frames sent by these ports arrive at the collector, each once and no other. */
  async expectCopies(...ports: readonly number[]): Promise<void> {
    const collector = this.#port(1);
    const capture = await this.cloud.node(collector.node).switch.capture(collector.lab);
    const sent: Uint8Array[] = [];
    for (const n of ports) {
      const { node, lab } = this.#port(n);
      const frames = Array.from({ length: 10 }, () => distinctFrame(++this.#serial));
      await this.cloud.node(node).switch.send(lab, frames);
      sent.push(...frames);
    }
    const { matched, lost, duplicated, foreign } = compareFrames(sent, await capture.stop());
    const counts = { matched, lost: lost.length, duplicated: duplicated.length, foreign: foreign.length };
    expect(counts).toEqual({ matched: sent.length, lost: 0, duplicated: 0, foreign: 0 });
  }

  writes(): readonly (number | undefined)[] {
    return this.cloud.writes();
  }

  #port(n: number) {
    const found = this.ports.get(n);
    if (found === undefined) throw new RangeError(`there is no port ${n}`);
    return found;
  }

  #made({ status, text }: { readonly status: number; readonly text: string }): string {
    const [view] = Object.values(JSON.parse(text) as Record<string, TapView>);
    if (status !== 201 || view === undefined) throw new Error(`not created: ${status} ${text}`);
    return view.id;
  }
}
