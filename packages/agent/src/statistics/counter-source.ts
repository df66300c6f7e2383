import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock, Logger } from '@taas/service';
import { parseOwnTag, type VppSnapshot } from '@taas/wiring';
import {
  findSegment,
  openSegmentFile,
  receiveSegment,
  type SegmentBytes,
  StatsSegment,
  type StatsValue,
  VppStatsError,
} from 'vpp-api';
import { eachCounter } from '../vpp/interface-counters.js';
import type { Vpp } from '../vpp/vpp-messages.js';
import { type BuffersSeen, buffersSeen } from './buffers-seen.js';
import { commandLineCounters } from './command-line-counters.js';
import { countedBySegment, interfaceVectors } from './counted-by-segment.js';
import { policedByCommandLine, policedBySegment, policerNames } from './policed.js';
import type { Counted, Reading } from './reading.js';

const gaugeNames = {
  buffersAvailable: '/buffer-pools/default-numa-0/available',
  buffersCached: '/buffer-pools/default-numa-0/cached',
  buffersUsed: '/buffer-pools/default-numa-0/used',
  segmentFree: '/mem/stat segment/free',
  segmentUsed: '/mem/stat segment/used',
} as const;

/** A segment that cannot be read is tried again after so long. */
const tryAgainMs = 30_000;
/** So many interfaces' names are compared with VPP's own, to know that the segment is of the VPP that we talk to. */
const compared = 4;

export type CounterMethod = 'segment' | 'command_line';

/** How counters are read; null: not known yet. */
export interface LastingMethod {
  readonly method: CounterMethod | null;
  /** Why the segment is not read; null: it is. */
  readonly problem: string | null;
}

/** What VPP's statistics segment says of VPP itself. */
export type VppGauges = Partial<Record<keyof typeof gaugeNames, number>>;

export interface CounterSourceOptions {
  readonly snapshot: VppSnapshot;
  /** Where the processes of VPP's host are seen. */
  readonly procDirectory: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Where VPP hands its segment over, to who may not look at its files; empty: nowhere. */
  readonly statsSocket: string;
  /** Finds and opens the segment of a process; a seam for tests. */
  readonly open?: (pid: number, procDirectory: string) => Promise<SegmentBytes>;
  /** The same by VPP's socket; a seam for tests. */
  readonly receive?: (statsSocket: string, signal: AbortSignal) => Promise<SegmentBytes>;
}

/** What to read. */
export interface ReadingRequest {
  readonly interfaces: Iterable<number>;
  /** Whether policers are to be read, too. */
  readonly policers: boolean;
}

/**
 * The one place that reads VPP's counters: from its statistics segment, which costs VPP nothing, or where that cannot be read, by its
 * command line. Which of the two is logged when it changes.
 */
export class CounterSource {
  #method: CounterMethod | null = null;
  #problem: string | null = null;
  #lasting: LastingMethod = { method: null, problem: null };
  /** Known to be that of the VPP that answers. */
  #opened: StatsSegment | null = null;
  /** When to try the segment again, on the monotonic clock. */
  #again = Number.NEGATIVE_INFINITY;
  #boot: string | null = null;
  #gauges: VppGauges = {};
  #buffers: BuffersSeen | null = null;
  #failures = 0;

  constructor(private readonly options: CounterSourceOptions) {}

  /** How counters were read last; null: not yet. */
  get method(): CounterMethod | null {
    return this.#method;
  }
  /** Why the segment is not read; null: it is. */
  get problem(): string | null {
    return this.#problem;
  }
  /** The same but for readings at which the segment was only busy, which say nothing of the next. */
  get lasting(): LastingMethod {
    return this.#lasting;
  }
  /** Times that the segment could not be read. */
  get failures(): number {
    return this.#failures;
  }
  get gauges(): VppGauges {
    return this.#gauges;
  }
  /** Buffers of this VPP, as far as they were seen; null: they were not. */
  get buffers(): BuffersSeen | null {
    return this.#buffers;
  }

  /** Another VPP, or none: nothing of the one before is read any more. */
  detach(): void {
    this.#opened?.close();
    this.#opened = null;
    this.#boot = null;
    this.#again = Number.NEGATIVE_INFINITY;
    this.#gauges = {};
    this.#buffers = null;
  }

  /**
   * Reads counters.
   * @throws VppError when VPP does not answer its command line either
   */
  async read(vpp: Vpp, request: ReadingRequest, signal: AbortSignal = new AbortController().signal): Promise<Reading> {
    const indices = [...new Set(request.interfaces)];
    const { clock } = this.options;
    this.#boot ??= await this.#bootOf(vpp);
    if (clock.monotonic() >= this.#again) {
      try {
        const reading = await this.#fromSegment(vpp, indices, request.policers, signal);
        this.#goBy('segment', null);
        this.#lasting = { method: 'segment', problem: null };
        return reading;
      } catch (error) {
        if (signal.aborted || !(error instanceof VppStatsError)) throw error;
        this.#failures++;
        this.#opened?.close();
        this.#opened = null;
        this.#gauges = {};
        // Only busy: it is there and was about to change, so it is tried at the next reading.
        if (error.problem !== 'busy') {
          this.#again = clock.monotonic() + tryAgainMs;
          this.#lasting = { method: 'command_line', problem: error.message };
        }
        this.#goBy('command_line', error.message);
      }
    }
    return this.#fromCommandLine(vpp, indices, request.policers);
  }

  #goBy(method: CounterMethod, problem: string | null): void {
    const { logger } = this.options;
    if (this.#method !== method) {
      if (method === 'segment') logger.info({}, "VPP's counters are read from its statistics segment");
      else
        logger.warn(
          { cause: problem },
          "VPP's statistics segment cannot be read: its counters are read by its command line, which stops its workers each time",
        );
    }
    this.#method = method;
    this.#problem = problem;
  }

  async #fromSegment(vpp: Vpp, indices: readonly number[], policers: boolean, signal: AbortSignal): Promise<Reading> {
    this.#opened ??= await this.#open(vpp, indices, signal);
    const segment = this.#opened;
    const names = [...interfaceVectors, ...(policers ? policerNames : []), ...Object.values(gaugeNames)];
    const values = await segment.read(names, signal);
    const counted = countedBySegment(values);
    this.#gauges = Object.fromEntries(
      Object.entries(gaugeNames).flatMap(([key, name]) => {
        const value = scalarOf(values.get(name));
        return value === null ? [] : [[key, Number(value)]];
      }),
    );
    const { buffersAvailable: available, buffersUsed: used, buffersCached: cached } = this.#gauges;
    this.#buffers = buffersSeen(this.#buffers, { available, used, cached });
    return {
      boot: this.#boot,
      counted,
      // VPP makes their counters with the first policer, and some releases have none in the segment.
      policed: policedBySegment(values) ?? (await policedByCommandLine(vpp, policers)),
    };
  }

  /** By VPP's files, which takes nobody else; where we may not look at them, or they are another VPP's, by its socket. */
  async #open(vpp: Vpp, indices: readonly number[], signal: AbortSignal): Promise<StatsSegment> {
    const { vpe_pid } = await vpp.request('control_ping', {});
    const { procDirectory, statsSocket, open = openSegment, receive = receiveByPython } = this.options;
    try {
      return await this.#checked(await open(vpe_pid, procDirectory), indices, signal);
    } catch (first) {
      if (!(first instanceof VppStatsError) || first.problem !== 'unreachable' || statsSocket === '') throw first;
      try {
        return await this.#checked(await receive(statsSocket, signal), indices, signal);
      } catch (second) {
        if (signal.aborted || !(second instanceof VppStatsError)) throw second;
        throw new VppStatsError(second.problem, `${second.message}; and ${first.message}`, { cause: first });
      }
    }
  }

  /** @throws VppStatsError if it is not that of the VPP that answers; it is closed then */
  async #checked(bytes: SegmentBytes, indices: readonly number[], signal: AbortSignal): Promise<StatsSegment> {
    const segment = new StatsSegment(bytes, this.#statsClock);
    try {
      await this.#compare(segment, indices, signal);
      return segment;
    } catch (error) {
      segment.close();
      throw error;
    }
  }

  /** A pid of another pid namespace may be another VPP's here. */
  async #compare(segment: StatsSegment, indices: readonly number[], signal: AbortSignal): Promise<void> {
    const { interfaces } = this.options.snapshot;
    // Ours before others: names such as local0 are every VPP's.
    const known = [...new Set([...indices, ...interfaces.keys()])].sort(
      (a, b) => Number(isOurs(b, this.options.snapshot)) - Number(isOurs(a, this.options.snapshot)),
    );
    for (const index of known.slice(0, compared)) {
      const name = interfaces.get(index)?.name;
      const shown = await segment.readName('/if/names', index, signal);
      if (name === undefined || shown === name) continue;
      const what = `its interface ${index} is ${shown ?? 'none'}, and that of the VPP that answers is ${name}`;
      throw new VppStatsError(
        'unreachable',
        `the statistics segment is another VPP's: ${what}; see the option "vpp.procdir"`,
      );
    }
  }

  async #fromCommandLine(vpp: Vpp, indices: readonly number[], policers: boolean): Promise<Reading> {
    const { interfaces } = this.options.snapshot;
    const names = indices.flatMap((index) => interfaces.get(index)?.name ?? []);
    const counted = await commandLineCounters(vpp, names);
    return {
      boot: this.#boot,
      counted: (index): Counted | undefined => {
        const found = counted.get(index);
        if (!found) return undefined;
        return eachCounter((name) => BigInt(found[name]));
      },
      policed: await policedByCommandLine(vpp, policers),
    };
  }

  /**
   * Which run of VPP this is: its process, and when that was started, where it can be seen. Where it cannot, a VPP that was restarted
   * with the same pid is known by counters that are lower than before.
   */
  async #bootOf(vpp: Vpp): Promise<string> {
    const { vpe_pid } = await vpp.request('control_ping', {});
    const stat = await readFile(join(this.options.procDirectory, String(vpe_pid), 'stat'), 'utf8').catch(() => '');
    // proc(5): the name, field 2, is in brackets and may have any character in it; the start is field 22.
    const started = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
    return `${vpe_pid} ${started ?? '?'}`;
  }

  get #statsClock() {
    const { clock } = this.options;
    return {
      now: () => clock.monotonic(),
      after: (ms: number, callback: () => void) => {
        const given = new AbortController();
        void clock.sleep(ms, given.signal).then(callback, () => undefined);
        return () => given.abort();
      },
    };
  }
}

async function openSegment(pid: number, procDirectory: string): Promise<SegmentBytes> {
  return openSegmentFile(await findSegment(pid, procDirectory));
}

const receiveByPython = (statsSocket: string, signal: AbortSignal): Promise<SegmentBytes> =>
  receiveSegment(statsSocket, { signal });

function isOurs(index: number, { interfaces }: VppSnapshot): boolean {
  return parseOwnTag(interfaces.get(index)?.tag ?? '') !== null;
}

const scalarOf = (value: StatsValue | undefined): bigint | null => (value?.type === 'scalar' ? value.value : null);
