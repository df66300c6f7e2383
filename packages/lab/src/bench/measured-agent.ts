import { agentCodec, keys } from '@taas/model';
import { type Clock, silentLogger } from '@taas/service';
import { createEtcdStore, type Revision, type Store } from '@taas/store';
import { launchEtcd } from '@taas/store/testing';
import { freePort } from '../free-port.js';
import { ProgramProcess, packagedProgram } from '../program-process.js';
import { StateFollower } from './agent-load.js';
import type { BenchContext } from './bench-context.js';

const node = 'bench';

/** The program `taas-agent` beside one switch, with an etcd of its own to which records are written directly. Not started yet. */
export class MeasuredAgent {
  readonly node = node;

  private constructor(
    readonly process: ProgramProcess,
    readonly store: Store,
    readonly states: StateFollower,
    /** Port of its /healthz, /readyz and /metrics. */
    readonly health: number,
    private readonly clock: Clock,
    private readonly earlier: (root: string) => ProgramProcess,
    private readonly closers: readonly (() => Promise<unknown>)[],
  ) {}

  /**
   * @param options of the agent's configuration, besides those that say where everything is
   * @param as its bundle, as packages have it, or what is compiled, as an earlier state has it that it is compared with
   */
  static async prepare(
    context: BenchContext,
    apiSocket: string,
    options: object = {},
    as: 'packaged' | 'compiled' = 'packaged',
  ): Promise<MeasuredAgent> {
    const { clock } = context;
    const etcd = await launchEtcd({ clock, command: context.etcd });
    const store = createEtcdStore({ endpoints: [etcd.endpoint], clock, logger: silentLogger, random: Math.random });
    const states = new StateFollower(store, node);
    const stop = new AbortController();
    const following = states.follow(stop.signal);
    const health = await freePort();
    const config = {
      node,
      vpp: { api_socket: apiSocket },
      etcd: { endpoints: [etcd.endpoint], allow_unprotected: true },
      health: { host: '127.0.0.1', port: health },
      ...options,
    };
    const spec = { name: 'agent', program: 'taas-agent', directory: context.directory, config } as const;
    const bundle = as === 'packaged' ? { bundle: packagedProgram('taas-agent') } : {};
    const process = new ProgramProcess({ ...spec, healthPort: health, ...bundle }, clock);
    const earlier = (root: string) => new ProgramProcess({ ...spec, healthPort: health, root: () => root }, clock);
    const closers = [
      () => {
        stop.abort(new Error('measured'));
        return following;
      },
      () => store.close(),
      () => etcd.close(),
    ];
    return new MeasuredAgent(process, store, states, health, clock, earlier, closers);
  }

  /** The process that runs now; null: none. */
  #running: ProgramProcess | null = null;

  get pid(): number | undefined {
    return this.#running?.pid;
  }

  /** @param root of a checkout of an earlier state, built, whose program it is to be */
  async start(root?: string): Promise<void> {
    this.#running = root === undefined ? this.process : this.earlier(root);
    await this.#running.start(false);
  }

  async stopProgram(): Promise<void> {
    await this.#running?.stop();
    this.#running = null;
  }

  /** Of the store, now. */
  async revision(): Promise<Revision> {
    return (await this.store.list(keys.agent(node))).revision;
  }

  /**
   * Waits until the agent has compared all of the switch with all that is wanted: it says what it is connected to only then.
   * @param since revision of the store before the agent was started
   */
  async verified(since: Revision): Promise<void> {
    const deadline = this.clock.monotonic() + 120_000;
    for (;;) {
      const entry = await this.store.get(keys.agent(node));
      if (entry && entry.modRevision > since && agentCodec.parse(entry.key, entry.value).vpp_version !== null) return;
      if (this.clock.monotonic() > deadline)
        throw new Error(
          `the agent has not looked at the switch within 120 s: ${this.#running?.logEnd() ?? 'it is not running'}`,
        );
      await this.clock.sleep(10);
    }
  }

  /** Steps that the agent says it has carried out on the switch since its start. */
  async steps(): Promise<number> {
    const answer = await fetch(`http://127.0.0.1:${this.health}/healthz`);
    const steps = /"steps":\s*(\d+)/.exec(await answer.text())?.[1];
    if (steps === undefined) throw new Error('/healthz does not tell the number of steps');
    return Number(steps);
  }

  async stop(): Promise<void> {
    await this.stopProgram();
    await this.process.stop();
    for (const close of this.closers) await close();
  }
}
