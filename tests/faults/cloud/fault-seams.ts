import { join } from 'node:path';
import { Relay, type Seams, VppFaults } from '@taas/lab';
import type { Clock } from '@taas/service';
import { findFakeTime, ShiftedClock } from './shifted-clock.js';

interface ProgramSeams {
  /** To each member of etcd. */
  readonly etcd: readonly Relay[];
  readonly time: ShiftedClock | undefined;
}

interface SwitchSeams {
  readonly vpp: Relay;
  readonly vppFaults: VppFaults;
}

/** What stands between the parts of a cloud, so that it can be cut, held up and falsified. */
export class FaultSeams {
  readonly #programs = new Map<string, readonly Relay[]>();
  readonly #times = new Map<string, ShiftedClock>();
  readonly #switches = new Map<string, SwitchSeams>();

  constructor(
    private readonly endpoints: readonly string[],
    /** For sockets and the files of shifted clocks. */
    private readonly directory: string,
    private readonly clock: Clock,
  ) {}

  get all(): Seams {
    return {
      etcd: (program) => this.#towardsEtcd(program),
      switchSocket: (node, apiSocket) => this.#towardsSwitch(node, apiSocket),
      env: (program) => this.#time(program)?.env ?? {},
    };
  }

  programOf(name: string): ProgramSeams {
    return { etcd: this.#programs.get(name) ?? [], time: this.#times.get(name) };
  }

  /** @throws RangeError for a node that has no agent */
  switchOf(node: string): SwitchSeams {
    const found = this.#switches.get(node);
    if (found === undefined) throw new RangeError(`nothing stands before the switch of ${node}`);
    return found;
  }

  async close(): Promise<void> {
    for (const relays of this.#programs.values()) for (const relay of relays) await relay.close();
    for (const { vpp } of this.#switches.values()) await vpp.close();
  }

  async #towardsEtcd(program: string): Promise<readonly string[]> {
    const relays: Relay[] = [];
    this.#programs.set(program, relays);
    for (const endpoint of this.endpoints)
      relays.push(await Relay.open({ target: { port: Number(new URL(endpoint).port) }, clock: this.clock }));
    return relays.map((relay) => `http://127.0.0.1:${relay.port}`);
  }

  /** All agents of a node come by the same relay, one too many as well: VPP is behind it. */
  async #towardsSwitch(node: string, apiSocket: string): Promise<string> {
    const path = join(this.directory, `${node}.sock`);
    if (this.#switches.has(node)) return path;
    const vppFaults = new VppFaults();
    const of = { target: { path: apiSocket }, clock: this.clock, filter: vppFaults.filter };
    this.#switches.set(node, { vpp: await Relay.open({ listen: { path }, ...of }), vppFaults });
    return path;
  }

  #time(program: string): ShiftedClock | undefined {
    const library = findFakeTime();
    if (library === undefined) return undefined;
    const time = new ShiftedClock(library, join(this.directory, `${program}.time`));
    this.#times.set(program, time);
    return time;
  }
}
