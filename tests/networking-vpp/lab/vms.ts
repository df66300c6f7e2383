import { join } from 'node:path';
import { type Capture, type Frame, settled } from '@taas/lab';
import { compareFrames } from '@taas/packets';
import { expect, vi } from 'vitest';
import { mustRest } from '../../openstack/lab/rest.js';
import { distinctFrame } from '../../scenarios/distinct-frames.js';
import type { Guest } from './guests.js';
import type { NeighbourCloud } from './neighbour-cloud.js';

/** A VM: its port in Neutron, bound by networking-vpp's driver, and a guest that runs on its socket. */
export interface Vm {
  readonly id: string;
  readonly mac: string;
  readonly node: string;
  readonly guest: Guest;
}

export const waiting = { timeout: 60_000, interval: 100 };

/** What users and Nova do in these tests, over and over. */
export class Vms {
  #serial = 0;
  #names = 0;
  #networks = 0;

  constructor(readonly cloud: NeighbourCloud) {}

  /**
   * A network of alice's without port security, so that VMs may send anything.
   * @param options another owner, and other options
   */
  async network(name: string, options: { as?: 'admin'; more?: string } = {}): Promise<string> {
    const { as = 'alice', more = '--disable-port-security' } = options;
    const { id } = await this.cloud.users.json<{ id: string }>(as, `network create ${more} ${name}`);
    // ML2 does not ask a driver such as networking-vpp's to bind a port without an address.
    this.#networks += 1;
    const range = `10.77.${this.#networks}.0/24`;
    await this.cloud.users.must('alice', `subnet create --network ${id} --subnet-range ${range} ${name}`);
    return id;
  }

  /** A port that is bound, and no VM yet. */
  async port(network: string, node: string, more = ''): Promise<{ id: string; mac: string }> {
    this.#names += 1;
    const command = `port create --network ${network} ${more} p${this.#names}`.replaceAll(/ +/g, ' ');
    const made = await this.cloud.users.json<{ id: string; mac_address: string }>('alice', command);
    await this.bind(made.id, node);
    return { id: made.id, mac: made.mac_address };
  }

  /** As Nova does it, once a VM has its place. */
  async bind(port: string, node: string): Promise<void> {
    await this.cloud.users.must(
      'admin',
      `port set --host ${node} --device vm-of-${port} --device-owner compute:nova ${port}`,
    );
    await vi.waitFor(async () => {
      const { body } = await this.neutron('GET', `ports/${port}`);
      expect(body.port['binding:vif_type']).toBe('vhostuser');
    }, waiting);
  }

  async vm(network: string, node: string, more = ''): Promise<Vm> {
    const { id, mac } = await this.port(network, node, more);
    return this.boot(id, mac, node);
  }

  /** Starts the VM on its port; resolves when networking-vpp has told Neutron that the port is ACTIVE. */
  async boot(id: string, mac: string, node: string): Promise<Vm> {
    const socket = join(this.cloud.node(node).vhostDirectory, id);
    const guest = await this.cloud.guests.boot(socket, mac);
    await this.isUp(id, node);
    return { id, mac, node, guest };
  }

  async reboot({ id, mac, node, guest }: Vm): Promise<Vm> {
    await guest.shutDown();
    return this.boot(id, mac, node);
  }

  /** Its agent has brought the interface up, which it does within a second after the VM has connected. */
  async isUp(id: string, node: string): Promise<void> {
    await vi.waitFor(async () => {
      const found = await this.cloud.node(node).vpp.port(id);
      expect(found?.flags, `flags of ${id}`).toBe(3);
      const { body } = await this.neutron('GET', `ports/${id}`);
      expect(body.port.status).toBe('ACTIVE');
    }, waiting);
  }

  async remove({ id, guest }: Vm): Promise<void> {
    await guest.shutDown();
    await this.cloud.users.must('alice', `port delete ${id}`);
  }

  async service(collector: Vm): Promise<string> {
    this.#names += 1;
    const command = `tap service create --port ${collector.id} --name s${this.#names}`;
    return (await this.cloud.users.json<{ ID: string }>('alice', command)).ID;
  }

  /** Resolves when it is ACTIVE. */
  async flow(service: string, source: { readonly id: string }, direction = 'both', more = ''): Promise<string> {
    this.#names += 1;
    const command = `tap flow create --port ${source.id} --tap-service ${service} --direction ${direction} --name f${this.#names} ${more}`;
    const { ID } = await this.cloud.users.json<{ ID: string }>('alice', command.trim());
    await this.becomes(ID, 'ACTIVE');
    return ID;
  }

  async becomes(flow: string, status: string): Promise<void> {
    await vi.waitFor(async () => {
      const shown = await this.shown(flow);
      expect(shown.status, shown.status_reason).toBe(status);
    }, waiting);
  }

  async shown(flow: string): Promise<{ status: string; status_reason: string; status_code: string }> {
    const { body } = await this.taas('GET', `tap_flows/${flow}`);
    return body.tap_flow;
  }

  async removeTap(service: string, ...flows: readonly string[]): Promise<void> {
    for (const flow of flows) await this.cloud.users.must('alice', `tap flow delete ${flow}`);
    await this.cloud.users.must('alice', `tap service delete ${service}`);
  }

  /** Whatever a test that failed has left. */
  async removeAllTaps(): Promise<void> {
    for (const kind of ['tap_flows', 'tap_services']) {
      const { body } = await this.taas('GET', kind);
      for (const { id } of body[kind]) await this.taas('DELETE', `${kind}/${id}`);
    }
  }

  async neutron(method: string, path: string, body?: object) {
    const token = await this.#token('admin');
    return mustRest(method, `${this.cloud.lab.neutronUrl}/v2.0/${path}`, token, body);
  }

  async taas(method: string, path: string, body?: object) {
    return mustRest(method, `${this.cloud.front.url}/v2.0/taas/${path}`, await this.#token('alice'), body);
  }

  readonly #tokens = new Map<string, Promise<string>>();
  #token(user: 'admin' | 'alice'): Promise<string> {
    const known = this.#tokens.get(user) ?? this.cloud.lab.token(user);
    this.#tokens.set(user, known);
    return known;
  }

  frames(count: number): readonly Frame[] {
    return Array.from({ length: count }, () => distinctFrame(++this.#serial));
  }

  /** Runs the traffic, and expects the VM to be given exactly these frames, each once and no other. */
  async expectAt(at: Vm, what: string, traffic: () => Promise<readonly Frame[]>): Promise<void> {
    const capture = await at.guest.capture();
    const expected = await traffic();
    expect(await this.account(capture, expected), what).toEqual({ missing: 0, duplicated: 0, foreign: [] });
  }

  /** Ends a capture, and says how it differs from what should be in it. */
  async account(capture: Capture, expected: readonly Frame[]) {
    const { lost, duplicated, foreign } = await this.compared(capture, expected);
    return { missing: lost.length, duplicated: duplicated.length, foreign };
  }

  /** The same with the frames themselves; of foreign ones some, to look into. */
  async compared(capture: Capture, expected: readonly Frame[]) {
    await settled(capture, this.cloud.clock, { atLeast: expected.length, timeoutMs: 5_000, quietMs: 300 });
    const { lost, duplicated, foreign } = compareFrames(expected, await capture.stop());
    return { lost, duplicated, foreign: foreign.slice(0, 3).map((frame) => Buffer.from(frame).toString('hex')) };
  }

  /** Both ways of one VM, with a neighbour in its network: as a flow of `direction` must copy them. */
  async expectCopies(collector: Vm, source: Vm, neighbour: Vm, direction: 'in' | 'out' | 'both'): Promise<void> {
    const what = `${direction} of ${source.node}`;
    await this.expectAt(collector, `${what}: frames from the VM`, async () => {
      const out = this.frames(30);
      await source.guest.send(out);
      return direction === 'in' ? [] : out;
    });
    await this.expectAt(collector, `${what}: frames to the VM`, async () => {
      const into = this.frames(30);
      await neighbour.guest.send(into);
      return direction === 'out' ? [] : into;
    });
  }
}
