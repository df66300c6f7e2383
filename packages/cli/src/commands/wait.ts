import { adviceFor } from '../advice/status-advice.js';
import { kinds, type Tap, textOf } from '../api/kinds.js';
import { CliError } from '../exit-codes.js';
import { withProgress } from '../output/progress.js';
import type { Context } from './context.js';

/** How often the API is asked: soon at first, since most taps stand within some tens of milliseconds. */
const pauses = [20, 50, 100, 200, 500, 1_000] as const;

/**
 * Waits until the nodes have verified the tap, and says how long it took from `from` on.
 * @param from monotonic milliseconds at which the request was sent
 * @throws CliError not_in_time after `seconds`, or at once in a state that time alone does not end
 */
export async function waitUntilActive(context: Context, tap: Tap, from: number, seconds: number): Promise<Tap> {
  const { host, api } = context;
  let last = tap;
  const work = poll(context, from, seconds, async () => {
    const found = await api.find(tap.kind, tap.id);
    if (found === null) throw new CliError('not_in_time', `the ${kinds[tap.kind].title} ${tap.id} is gone`);
    last = found;
    if (textOf(found, 'status') === 'ACTIVE') return found;
    const advice = adviceFor(textOf(found, 'status_code'));
    if (textOf(found, 'status') === 'ERROR' && advice.by === 'tenant')
      throw new CliError('not_in_time', `${stateOf(found)}; ${advice.mend}`);
    return null;
  });
  const active = await withProgress(host, () => `waiting for ACTIVE: ${stateOf(last)}`, work);
  if (active === null)
    throw new CliError(
      'not_in_time',
      `not ACTIVE after ${seconds} s: ${stateOf(last)}; ${adviceFor(textOf(last, 'status_code')).mend}`,
    );
  host.terminal.err(`ACTIVE after ${elapsed(context, from)} s\n`);
  return active;
}

/** Waits until nothing of the tap is left on any node. @throws CliError not_in_time */
export async function waitUntilGone(context: Context, tap: Tap, from: number, seconds: number): Promise<void> {
  const { host, api } = context;
  let last = tap;
  const work = poll(context, from, seconds, async () => {
    const found = await api.find(tap.kind, tap.id);
    if (found !== null) last = found;
    return found === null ? true : null;
  });
  const gone = await withProgress(host, () => `waiting until it is gone: ${stateOf(last)}`, work);
  if (gone === null) throw new CliError('not_in_time', `not gone after ${seconds} s: ${stateOf(last)}`);
  host.terminal.err(`gone after ${elapsed(context, from)} s\n`);
}

async function poll<T>(
  { host }: Context,
  from: number,
  seconds: number,
  look: () => Promise<T | null>,
): Promise<T | null> {
  const { clock } = host;
  for (let n = 0; ; n += 1) {
    const found = await look();
    if (found !== null) return found;
    const left = from + seconds * 1000 - clock.monotonic();
    if (left <= 0) return null;
    await clock.sleep(Math.min(left, pauses[Math.min(n, pauses.length - 1)] ?? 1_000), host.signal);
  }
}

const stateOf = (tap: Tap): string =>
  [textOf(tap, 'status'), textOf(tap, 'status_code'), textOf(tap, 'status_reason')]
    .filter((text) => text !== '')
    .join(', ');

const elapsed = ({ host }: Context, from: number): string => ((host.clock.monotonic() - from) / 1000).toFixed(3);
