import { keys } from '@taas/model';
import { createNeutronClient, neutronUnavailable } from '@taas/neutron';
import type { V2Event, V2Follower } from '@taas/store';
import { expect } from 'vitest';
import { acme, portId } from '../test-cloud.suite.js';

/** A follower that tells what a test says, and etcd's v2 store of it. */
export class FakeV2 implements V2Follower {
  readonly #keys = new Map<string, { value: string; modifiedIndex: number }>();
  #index = 1;
  #waiting: V2Event[] = [];
  #wake: () => void = () => undefined;
  inSight = true;

  put(node: string, port: number, value = '{"binding_type":"vhostuser"}'): void {
    this.#put(keys.boundPort(node, portId(port)), value);
  }

  trunk(node: string, port: number, subports: readonly number[]): void {
    const sub_ports = subports.map((each) => ({ port_id: portId(each), segmentation_id: each }));
    this.#put(keys.boundTrunk(node, portId(port)), JSON.stringify({ status: 'ACTIVE', sub_ports }));
  }

  #put(key: string, value: string): void {
    const entry = { key, value, modifiedIndex: ++this.#index };
    this.#keys.set(key, entry);
    this.#tell({ kind: 'changes', index: this.#index, changes: [{ kind: 'put', entry }] });
  }

  remove(node: string, port: number): void {
    const key = keys.boundPort(node, portId(port));
    this.#keys.delete(key);
    this.#tell({ kind: 'changes', index: ++this.#index, changes: [{ kind: 'delete', key }] });
  }

  lose(): void {
    this.#tell({ kind: 'stale', cause: new Error('etcd is away') });
    this.inSight = false;
  }

  heal(): void {
    this.inSight = true;
    this.#tell(this.#snapshot());
  }

  async *follow(directory: string, signal: AbortSignal): AsyncIterable<V2Event> {
    expect(directory).toBe('/networking-vpp/nodes');
    this.#waiting = this.inSight ? [this.#snapshot()] : [{ kind: 'stale', cause: new Error('etcd is away') }];
    signal.addEventListener('abort', () => this.#wake(), { once: true });
    while (!signal.aborted) {
      for (const event of this.#waiting.splice(0)) yield event;
      if (this.#waiting.length > 0 || signal.aborted) continue;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  close(): void {
    this.#wake();
  }

  #snapshot(): V2Event {
    const entries = [...this.#keys].map(([key, entry]) => ({ key, ...entry }));
    return { kind: 'snapshot', index: this.#index, entries };
  }

  #tell(event: V2Event): void {
    if (this.inSight) this.#waiting.push(event);
    this.#wake();
  }
}

/** A Neutron that shows the service user its ports. */
export class FakeNeutron {
  up = true;
  readonly ports = new Map<string, Readonly<Record<string, unknown>>>();
  requests = 0;
  readonly client = createNeutronClient({
    serviceTokens: { get: async () => 'service', invalidate: () => undefined },
    neutron: {
      request: async (path) => {
        this.requests += 1;
        if (!this.up) throw neutronUnavailable('no-answer', 'it is down', null);
        const { pathname, searchParams } = new URL(path, 'http://neutron');
        const one = /^\/v2\.0\/ports\/(.+)$/.exec(pathname)?.[1];
        const ids = searchParams.getAll('id');
        const ports = [...this.ports.values()].filter(({ id }) => ids.length === 0 || ids.includes(String(id)));
        if (one === undefined) return { status: 200, headers: {}, body: JSON.stringify({ ports }) };
        const port = this.ports.get(one);
        const notFound = { NeutronError: { type: 'PortNotFound', message: '', detail: '' } };
        return { status: port ? 200 : 404, headers: {}, body: JSON.stringify(port ? { port } : notFound) };
      },
    },
  });

  bind(port: number, host: string, vif = 'vhostuser', project = acme): void {
    const id = portId(port);
    const binding = { 'binding:host_id': host, 'binding:vif_type': vif };
    this.ports.set(id, { id, project_id: project, network_id: 'n', ...binding });
  }
}
