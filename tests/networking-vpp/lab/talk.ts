import type { Frame } from '@taas/lab';
import type { Vm, Vms } from './vms.js';

/** A VM that sends a few frames every few milliseconds. */
export interface Talk {
  /** Resolves when `count` frames more have been sent. */
  more(count: number): Promise<void>;
  /** Ends it. */
  stop(): Promise<readonly Sent[]>;
}

export interface Sent {
  readonly frame: Frame;
  /** When it had left the VM, in milliseconds of the lab's clock. */
  readonly at: number;
}

/** @param make the frames of a burst */
export function talk(vms: Vms, { guest }: Vm, make = () => vms.frames(10)): Talk {
  const { clock } = vms.cloud;
  const sent: Sent[] = [];
  const end = new AbortController();
  let failure: unknown;
  const talking = (async () => {
    while (!end.signal.aborted) {
      const frames = make();
      await guest.send(frames);
      const at = clock.monotonic();
      sent.push(...frames.map((frame) => ({ frame, at })));
      await clock.sleep(5);
    }
  })().catch((error: unknown) => {
    failure = error;
  });
  const stop = async () => {
    end.abort();
    await talking;
    if (failure !== undefined) throw failure;
    return sent;
  };
  const more = async (count: number) => {
    const wanted = sent.length + count;
    const deadline = clock.monotonic() + 30_000;
    while (sent.length < wanted) {
      if (failure !== undefined) throw failure;
      if (clock.monotonic() > deadline) throw new Error(`only ${sent.length} of ${wanted} frames were sent in 30 s`);
      await clock.sleep(5);
    }
  };
  return { more, stop };
}

/** What became of the copies of what a VM sent while something happened. */
export interface Gap {
  readonly sent: number;
  readonly missing: number;
  /** From the last frame before the first that is missing to the first after the last; 0 if none is. */
  readonly ms: number;
  readonly duplicated: number;
  readonly foreign: readonly string[];
}

/** Lets the VM talk while something happens, and accounts for every copy at the collector. */
export async function during(
  vms: Vms,
  { source, collector, make }: { source: Vm; collector: Vm; make?: () => readonly Frame[] },
  happen: (talking: Talk) => Promise<void>,
): Promise<Gap> {
  const capture = await collector.guest.capture();
  const talking = talk(vms, source, make);
  let sent: readonly Sent[] = [];
  try {
    await talking.more(100);
    await happen(talking);
    await talking.more(200);
  } finally {
    sent = await talking.stop();
  }
  const { lost, duplicated, foreign } = await vms.compared(
    capture,
    sent.map(({ frame }) => frame),
  );
  return { sent: sent.length, missing: lost.length, ms: span(sent, lost), duplicated: duplicated.length, foreign };
}

function span(sent: readonly Sent[], lost: readonly Frame[]): number {
  const missing = new Set(lost);
  if (missing.size === 0) return 0;
  const first = sent.findIndex(({ frame }) => missing.has(frame));
  const last = sent.findLastIndex(({ frame }) => missing.has(frame));
  const at = (index: number) => sent[Math.min(Math.max(index, 0), sent.length - 1)]?.at ?? 0;
  return Math.round(at(last + 1) - at(first - 1));
}
