import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { processorSeconds } from '@taas/lab';
import type { Answer, Facts, GroupSetup, Request } from './messages.js';

const script = fileURLToPath(new URL('../../../scripts/scale-nodes.mjs', import.meta.url));

type Wish = Request extends infer R ? (R extends Request ? Omit<R, 'id'> : never) : never;

/** One process that plays nodes. */
class NodeGroup {
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  #next = 1;

  private constructor(private readonly child: ChildProcess) {
    child.on('message', (message: Answer | { readonly ready: true }) => {
      if ('ready' in message) return;
      this.#waiting.get(message.id)?.(message);
      this.#waiting.delete(message.id);
    });
  }

  /** @throws Error if the process ends before it is ready */
  static async start(setup: GroupSetup): Promise<NodeGroup> {
    const child = fork(script, [JSON.stringify(setup)], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    const end = () => child.kill('SIGKILL');
    process.once('exit', end);
    child.once('exit', () => process.removeListener('exit', end));
    await new Promise<void>((resolve, reject) => {
      child.once('message', () => resolve());
      child.once('exit', (code) => reject(new Error(`the process that plays nodes ended with ${code}`)));
    });
    return new NodeGroup(child);
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  ask(wish: Wish): Promise<Answer> {
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, resolve);
      this.child.send({ ...wish, id } as Request, (error) => error && reject(error));
    });
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = new Promise<void>((resolve) => this.child.once('exit', () => resolve()));
    this.child.kill('SIGKILL');
    await ended;
  }
}

/** All nodes of a cloud, in a few processes. */
export class NodeGroups {
  private constructor(
    private readonly groups: readonly NodeGroup[],
    private readonly count: number,
  ) {}

  static async start(
    endpoints: readonly string[],
    nodes: number,
    { processes, leaseSeconds }: { readonly processes: number; readonly leaseSeconds: number },
  ): Promise<NodeGroups> {
    const each = Math.ceil(nodes / processes);
    const starts = Array.from({ length: Math.ceil(nodes / each) }, (_, n) => {
      const first = n * each;
      return NodeGroup.start({ endpoints, leaseSeconds, first, count: Math.min(each, nodes - first) });
    });
    return new NodeGroups(await Promise.all(starts), nodes);
  }

  get pids(): readonly number[] {
    return this.groups.flatMap(({ pid }) => pid ?? []);
  }

  /** Processor time since their start, in s. */
  get processor(): number {
    return this.pids.reduce((sum, pid) => sum + processorSeconds(pid), 0);
  }

  get all(): readonly number[] {
    return Array.from({ length: this.count }, (_, n) => n);
  }

  /** Starts or stops agents, spread over a time; resolves when it is done. */
  async tell(what: 'start' | 'stop', nodes: readonly number[], overMs = 0): Promise<void> {
    for (const { problem } of await Promise.all(this.groups.map((group) => group.ask({ do: what, nodes, overMs }))))
      if (problem !== undefined) throw new Error(`nodes could not ${what}: ${problem}`);
  }

  async facts(): Promise<Facts> {
    const answers = await Promise.all(this.groups.map((group) => group.ask({ do: 'facts' })));
    const sum = { ready: 0, active: 0, taps: 0, failures: 0, steps: {} as Record<string, number> };
    for (const { facts } of answers) {
      for (const field of ['ready', 'active', 'taps', 'failures'] as const) sum[field] += facts[field];
      for (const [kind, count] of Object.entries(facts.steps)) sum.steps[kind] = (sum.steps[kind] ?? 0) + count;
    }
    return sum;
  }

  async stop(): Promise<void> {
    await Promise.all(this.groups.map((group) => group.stop()));
  }
}
