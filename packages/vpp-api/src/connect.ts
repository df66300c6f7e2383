import { type ApiFolders, describeProblem, readApiFolders } from './api-folders.js';
import { Client, type VppClient, type VppVersion } from './client.js';
import { type Clock, systemClock } from './clock.js';
import { checkMessages, type MessageTable } from './compatibility.js';
import { ApiConnection, type ExchangeOptions } from './connection.js';
import { VppCompatibilityError, VppDefinitionsError, VppError } from './errors.js';
import { DEFAULT_MAX_FRAME_BYTES } from './framing.js';
import { canLearn, farewell, learnDefinitions, register } from './handshake.js';
import { HealthMonitor } from './health.js';
import { MessageResolver } from './message-resolver.js';
import type { MessageSet } from './message-set.js';
import type { ApiDefinitions } from './schema.js';
import { type OpenTransport, openUnixSocket } from './transport.js';

export interface ConnectOptions<M extends MessageSet> {
  /** VPP's API socket, as in its `socksvr { socket-name … }`. */
  readonly socketPath: string;
  /** What `show api clients` in VPP shows; at most 63 bytes. */
  readonly clientName: string;
  /** The messages the program uses; checked against VPP's definitions before `connect` resolves. */
  readonly messages: M;
  /** Gives connecting up. It has no effect on a client once connected. */
  readonly signal?: AbortSignal;
  /**
   * What `messages` cannot say: of what the VPP must have one thing or another. One sentence for each that it has not; any refuses
   * the VPP. @param has as {@link VppClient.has}
   */
  readonly alsoNeeds?: (has: (name: string) => boolean) => readonly string[];
  /** `'learn'` asks VPP (get_api_json, from 24.06 on); else definitions from `loadApiDirectory`. Default `'learn'`. */
  readonly definitions?: ApiDefinitions | 'learn';
  /** Where the `*.api.json` files of a VPP are that cannot say what its messages are. Default: nowhere. */
  readonly apiFolders?: ApiFolders;
  /** For each step of connecting. Default 10,000 ms. */
  readonly connectTimeoutMs?: number;
  /** Default for requests and dumps that say nothing else. Default 10,000 ms. */
  readonly requestTimeoutMs?: number;
  /** Requests and dumps sent and unanswered at a time; more of them wait. Default 1,024. */
  readonly maxInFlight?: number;
  /** Requests and dumps that may wait; more fail with `VppOverloadedError`. Default 100,000. */
  readonly maxWaiting?: number;
  /** Details a dump may have. Default 1,000,000. */
  readonly maxDetails?: number;
  /** Longest message taken or sent. Default 16 MiB. */
  readonly maxFrameBytes?: number;
  /** How often to make sure that VPP answers; 0 turns it off. Default 1,000 ms. */
  readonly healthIntervalMs?: number;
  /** How long VPP may stay silent after a control_ping before it is `not-responding`. Default 250 ms. */
  readonly healthTimeoutMs?: number;
  /** Told of what no request can be blamed for: an unreadable event, a listener that threw. Default: a process warning. */
  readonly onProblem?: (error: Error) => void;
  readonly transport?: OpenTransport;
  readonly clock?: Clock;
}

/**
 * Connects to a VPP: opens its API socket, registers, learns its messages, and checks `messages` against them.
 * Rejects with `VppConnectError` (no socket), `VppCompatibilityError` (every mismatch, and VPP's version),
 * `VppDefinitionsError` (VPP cannot say what its messages are), `VppTimeoutError`, `VppDisconnectedError`, or the signal's
 * reason; nothing stays open then.
 */
export async function connect<const M extends MessageSet>(options: ConnectOptions<M>): Promise<VppClient<M>> {
  const clock = options.clock ?? systemClock;
  const onProblem = options.onProblem ?? ((error: Error) => process.emitWarning(error));
  const connection = await ApiConnection.open(
    {
      socketPath: options.socketPath,
      openTransport: options.transport ?? openUnixSocket,
      clock,
      onProblem,
      maxFrameBytes: options.maxFrameBytes ?? DEFAULT_MAX_FRAME_BYTES,
      maxInFlight: options.maxInFlight ?? 1024,
      maxWaiting: options.maxWaiting ?? 100_000,
    },
    options.signal,
  );
  const step: ExchangeOptions = { timeoutMs: options.connectTimeoutMs ?? 10_000, signal: options.signal };
  let close = (): void => connection.close();
  try {
    const table = await register(connection, options.clientName, step);
    close = () => connection.close(farewell(connection, table));
    const client = await prepare({ connection, table, options, clock, onProblem, step, close });
    // The one place where the untyped inside meets the types: what they promise has been checked against VPP.
    return client as unknown as VppClient<M>;
  } catch (error) {
    close();
    throw error;
  }
}

interface Registered {
  readonly connection: ApiConnection;
  readonly table: MessageTable;
  readonly options: ConnectOptions<MessageSet>;
  readonly clock: Clock;
  readonly onProblem: (error: Error) => void;
  readonly step: ExchangeOptions;
  readonly close: () => void;
}

async function prepare(registered: Registered): Promise<Client> {
  const { connection, table, options, clock, onProblem, step, close } = registered;
  const { definitions = 'learn' } = options;
  const schema = definitions === 'learn' ? await findDefinitions(registered) : definitions;
  const { dumps } = options.messages;
  const messages = new MessageResolver(connection, schema, table, (dump) => dumps[dump]?.answeredBy);
  const version = await askVersion(connection, messages, step);
  const { mismatches: wrong, usable } = checkMessages(options.messages, schema, table);
  const mismatches = [...wrong, ...(options.alsoNeeds?.((name) => usable.has(name)) ?? [])];
  if (mismatches.length > 0) throw new VppCompatibilityError(mismatches, version?.version ?? 'unknown');
  if (version === undefined) throw new VppDefinitionsError('this VPP has no show_version');
  const ping = messages.request('control_ping');
  const health = new HealthMonitor({
    clock,
    intervalMs: options.healthIntervalMs ?? 1000,
    timeoutMs: options.healthTimeoutMs ?? 250,
    heard: () => connection.framesReceived,
    ping: () => connection.send(ping.request, {}),
  });
  connection.onFrame = health.onHeard;
  void connection.closed.then(() => health.stop());
  return new Client({
    connection,
    definitions: schema,
    version,
    health,
    messages,
    usable,
    onProblem,
    close,
    requestTimeoutMs: options.requestTimeoutMs ?? 10_000,
    maxDetails: options.maxDetails ?? 1_000_000,
  });
}

/** A VPP is the best witness of its own messages; one too old to say has files that do. */
async function findDefinitions({ connection, table, options, onProblem, step }: Registered): Promise<ApiDefinitions> {
  const { apiFolders } = options;
  if (apiFolders === undefined || canLearn(table)) return learnDefinitions(connection, table, step);
  const { schema, problems } = await readApiFolders(apiFolders, table);
  for (const problem of problems) onProblem(new VppDefinitionsError(describeProblem(problem)));
  return schema;
}

/** undefined when the definitions do not fit this VPP even for that; the check then says what does not. */
async function askVersion(
  connection: ApiConnection,
  messages: MessageResolver,
  step: ExchangeOptions,
): Promise<VppVersion | undefined> {
  try {
    const { request, reply } = messages.request('show_version');
    const answer = await connection.request(request, reply, {}, step);
    return {
      program: String(answer['program']),
      version: String(answer['version']),
      buildDate: String(answer['build_date']),
      buildDirectory: String(answer['build_directory']),
    };
  } catch (error) {
    if (error instanceof VppError && error.code === 'VPP_DEFINITIONS') return undefined;
    throw error;
  }
}
