import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort, ProgramProcess, processorSeconds, withoutBounds } from '@taas/lab';
import { type Clock, systemClock } from '@taas/service';
import { type Lap, readLaps, summarize } from '../laps/laps.js';

const meter = fileURLToPath(new URL('../laps/lap-meter.mjs', import.meta.url));
const profiler = fileURLToPath(new URL('./profile.mjs', import.meta.url));
/** What no lap of the event loop is to take longer than, in ms. */
const lapLimit = 20;

export interface ServerPlace {
  readonly name: string;
  readonly directory: string;
  readonly endpoints: readonly string[];
  readonly electionSeconds: number;
  /** A folder for a profile of it; empty: none. */
  readonly profile: string;
}

/** What /readyz says, as far as the harness looks. */
export interface Readiness {
  readonly ok: boolean;
  readonly role: string;
  readonly revision: number;
  readonly agents: { readonly there: number };
  readonly compiler: { readonly backlog: number; readonly compiled: number; readonly operations: number };
  readonly moves: { readonly hand_overs: number; readonly longest_gap_ms: number };
  readonly malformed: number;
}

export interface Reply {
  readonly status: number;
  readonly text: string;
  /** From the request to the end of the body, in ms. */
  readonly ms: number;
}

/** A `taas-server` process, with a meter of its event loop. */
export class ScaleServer {
  private constructor(
    readonly name: string,
    readonly url: string,
    private readonly health: string,
    private readonly process: ProgramProcess,
    private readonly lapFile: string,
    private readonly clock: Clock,
  ) {}

  static async place(place: ServerPlace): Promise<ScaleServer> {
    const { name, directory, endpoints } = place;
    const [port, healthPort] = [await freePort(), await freePort()];
    const lapFile = join(directory, `${name}.laps`);
    writeFileSync(lapFile, '');
    const config = {
      listen: { host: '127.0.0.1', port },
      health: { host: '127.0.0.1', port: healthPort },
      etcd: { endpoints, allow_unprotected: true },
      auth: { mode: 'development' },
      networking_vpp: { bindings: 'etcd-v3' },
      segments: [{ type: 'vxlan', first: 1, last: 0xffffff }],
      election: { ttl_s: place.electionSeconds },
      // What bounds a tenant is tested where it is the question.
      ...{ ...withoutBounds, project_share: 1, write_budget: { writes_per_minute: 0, bytes_per_minute: 0 } },
      limits: { page_items: 0, request_ms: 300_000 },
    };
    if (place.profile !== '') mkdirSync(place.profile, { recursive: true });
    const profile = place.profile === '' ? {} : { SCALE_PROFILE: resolve(place.profile) };
    const profiling = place.profile === '' ? '' : `--import ${profiler}`;
    const env = { NODE_OPTIONS: `${profiling} --import ${meter}`, ...profile, LAP_METER_FILE: lapFile };
    const program = { name, program: 'taas-server', directory, config, healthPort, env } as const;
    const process = new ProgramProcess(program, systemClock);
    return new ScaleServer(
      ...([name, `http://127.0.0.1:${port}`, `http://127.0.0.1:${healthPort}`, process, lapFile, systemClock] as const),
    );
  }

  get pid(): number | undefined {
    return this.process.pid;
  }

  /** Processor time since its start, in s. */
  get processor(): number {
    return processorSeconds(this.pid);
  }

  /** Starts it. @returns how long it took until it was ready, in ms @throws Error when it is not after ten minutes */
  async start(): Promise<number> {
    const from = this.clock.monotonic();
    await this.process.start(false);
    while (!(await this.ready())) {
      if (this.process.ended !== null) throw new Error(`${this.name} has ended: ${this.log().slice(-2_000)}`);
      if (this.clock.monotonic() - from > 600_000) throw new Error(`${this.name} is not ready after ten minutes`);
      await this.clock.sleep(20);
    }
    return this.clock.monotonic() - from;
  }

  async stop(how: 'SIGTERM' | 'SIGKILL' = 'SIGKILL'): Promise<void> {
    await this.process.stop(how);
  }

  /** Null when it does not answer. */
  async readiness(): Promise<Readiness | null> {
    try {
      const answer = await fetch(`${this.health}/readyz`, { signal: AbortSignal.timeout(5_000) });
      return { ...((await answer.json()) as Omit<Readiness, 'ok'>), ok: answer.ok };
    } catch {
      return null;
    }
  }

  async ready(): Promise<boolean> {
    return (await this.readiness())?.ok ?? false;
  }

  /** As somebody of a project. */
  async ask(project: string, method: string, path: string, body?: unknown, roles = 'member'): Promise<Reply> {
    const from = this.clock.monotonic();
    const answer = await fetch(`${this.url}${path}`, {
      method,
      headers: { 'x-project-id': project, 'x-roles': roles, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    return { status: answer.status, text, ms: this.clock.monotonic() - from };
  }

  log(): string {
    return readFileSync(this.process.logFile, 'utf8');
  }

  /** Laps of its event loop that took long since then, in ms since the epoch. */
  lapsSince(from: number): { readonly all: readonly Lap[]; readonly above: number; readonly longest: number } {
    const laps = readLaps(this.lapFile);
    const { above, longest } = summarize(laps, from, systemClock.now(), lapLimit);
    return { all: laps.filter(({ at, kind }) => at >= from && kind === 'lap'), above, longest };
  }
}
