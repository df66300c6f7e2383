import { findPort, findTap } from '../api/find-tap.js';
import { isObject, refusalOf } from '../api/taas-api.js';
import { CliError } from '../exit-codes.js';
import type { Sink } from '../host/host.js';
import { printable } from '../output/printable.js';
import { RingSink } from '../ring/ring-sink.js';
import { estimateText } from '../verify/estimate-text.js';
import { VerifyingSink } from '../verify/verifying-sink.js';
import type { Context } from './context.js';
import { filterFile, filterRule } from './filter-option.js';
import { ringOf } from './ring-option.js';

export interface CaptureOptions {
  readonly write?: string;
  readonly flow?: string;
  /** What makes one file after another. */
  readonly ring?: readonly string[];
  readonly direction?: string;
  readonly filter?: readonly string[];
  readonly filterFile?: string;
  readonly bpf?: string;
  readonly seconds?: number;
  readonly packets?: number;
  readonly bytes?: number;
  readonly snaplen?: number;
  readonly description?: string;
  readonly reason?: string;
  readonly project?: string;
  /** Whether TCP's acknowledgements are compared with what came. */
  readonly verify?: boolean;
}

const path = '/v2.0/taas/captures';
/** How often it is asked whether copies come, until they do, in ms; and when it is said that they do not. */
const pollMs = 500;
const patienceMs = 5_000;

/** `taas capture`: the frames of ports as pcapng, to a file or standard output, until the end that was asked for, or Ctrl-C. */
export async function capture(context: Context, ports: readonly string[], options: CaptureOptions): Promise<void> {
  const { host, session } = context;
  const to = options.write ?? '-';
  if (to === '-' && host.terminal.outIsTerminal)
    throw new CliError('usage', 'a terminal shows no frames: give -w FILE, or send them on: | wireshark -k -i -');
  const ring = options.ring === undefined ? null : ringOf(options.ring);
  if (ring !== null && to === '-')
    throw new CliError('usage', '-b makes files: give -w FILE, after which they are named');
  const wish = await wishOf(context, ports, options);
  const made = await session.request('POST', path, { capture: wish });
  if (made.status !== 201) throw refusalOf(made, 'POST captures');
  const id = idOf(made.body);
  const one = `${path}/${id}`;
  // From now on it has to be ended whatever comes: an interruption ends the capture, and not the command.
  const own = new AbortController();
  const end = () =>
    void session.request('DELETE', one, undefined, { signal: own.signal }).catch((error) => own.abort(error));
  host.signal.addEventListener('abort', end, { once: true });
  if (host.signal.aborted) end();
  const ended = new AbortController();
  const telling = tell(context, one, ended.signal);
  let sink: Sink | null = null;
  let verified: VerifyingSink | null = null;
  try {
    sink = ring === null ? await host.open(to) : new RingSink(host, to, ring);
    if (options.verify === true) sink = verified = new VerifyingSink(sink);
    await readAll(context, one, sink, own.signal);
  } catch (error) {
    // Ended at once, and not when the server has waited for its reader in vain; how that ends is of no interest beside this error.
    if (sink === null) await session.request('DELETE', one, undefined, { signal: own.signal }).catch(() => undefined);
    throw error;
  } finally {
    ended.abort();
    host.signal.removeEventListener('abort', end);
    await sink?.close();
    await telling;
  }
  host.terminal.err(`${await summary(context, one, own.signal)}\n`);
  if (verified) host.terminal.err(`${estimateText(verified.estimate(), isFiltered(options))}\n`);
}

/** Of a tap flow nobody knows here: it may have rules. */
const isFiltered = ({ filter, filterFile, bpf, flow }: CaptureOptions): boolean =>
  [filter, filterFile, bpf, flow].some((each) => each !== undefined);

async function wishOf({ api, host }: Context, ports: readonly string[], options: CaptureOptions): Promise<object> {
  const { filter, bpf, direction, project, description, reason, seconds, packets, bytes, snaplen } = options;
  if (filter && options.filterFile !== undefined)
    throw new CliError('usage', 'give --filter or --filter-file, not both');
  const rules = options.filterFile === undefined ? filter?.map(filterRule) : filterFile(host, options.filterFile);
  const given = {
    description,
    reason,
    bpf,
    seconds,
    packets,
    bytes,
    snaplen,
    ...{ direction: direction?.toUpperCase(), project_id: project, filter_rules: rules },
  };
  if ((options.flow === undefined) === (ports.length === 0))
    throw new CliError('usage', 'name ports, or --flow: one of them');
  const source_ports = [];
  for (const port of ports) source_ports.push(await findPort(api, port));
  const of =
    options.flow === undefined ? { source_ports } : { tap_flow_id: (await findTap(api, options.flow, ['flow'])).id };
  return { ...of, ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) };
}

/** @throws CliError */
async function readAll({ session }: Context, one: string, sink: Sink, signal: AbortSignal): Promise<void> {
  const onChunk = (chunk: Uint8Array) => sink.write(chunk);
  const answer = await session.request('GET', `${one}/stream`, undefined, { signal, onChunk });
  if (answer.status !== 200) throw refusalOf(answer, 'GET captures');
}

/** Says when copies come, or what keeps them. */
async function tell(context: Context, one: string, signal: AbortSignal): Promise<void> {
  const { host } = context;
  const from = host.clock.monotonic();
  let said = false;
  while (!signal.aborted) {
    const shown = await show(context, one, signal).catch(() => null);
    if (shown?.['status'] === 'ACTIVE') return host.terminal.err('capturing; Ctrl-C ends it\n');
    if (shown?.['status'] === 'ENDED') return;
    if (!said && shown && host.clock.monotonic() - from >= patienceMs) {
      host.terminal.err(`nothing comes yet: ${printable(String(shown['status_reason']))}\n`);
      said = true;
    }
    await host.clock.sleep(pollMs, signal).catch(() => undefined);
  }
}

/** What there is in the file, and what is not. */
async function summary(context: Context, one: string, signal: AbortSignal): Promise<string> {
  const shown = await show(context, one, signal).catch(() => null);
  const counted = isObject(shown?.['counted']) ? shown['counted'] : null;
  if (!counted) return 'the server does not say any more what it has counted';
  const number = (name: string) => (typeof counted[name] === 'number' ? counted[name] : null);
  const kernel = number('kernel_dropped');
  const besides = kernel ? `; ${kernel} more in the server's kernel, of all its captures together` : '';
  const because = printable(String(shown?.['status_reason']));
  return `${number('delivered') ?? '?'} packets, ${number('dropped') ?? '?'} lost on the way to here${besides}: ${because}`;
}

async function show({ session }: Context, one: string, signal: AbortSignal) {
  const { status, body } = await session.request('GET', one, undefined, { signal });
  if (status !== 200) return null;
  const whole: unknown = JSON.parse(body);
  const shown = isObject(whole) ? whole['capture'] : null;
  return isObject(shown) ? shown : null;
}

function idOf(body: string): string {
  const whole: unknown = JSON.parse(body);
  const made = isObject(whole) ? whole['capture'] : null;
  const id = isObject(made) ? made['id'] : null;
  if (typeof id !== 'string' || !/^[0-9a-fA-F-]{1,64}$/.test(id))
    throw new CliError('unreachable', 'POST captures: the answer is none of the TaaS API');
  return id;
}
