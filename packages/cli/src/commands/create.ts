import { findPort, findTap } from '../api/find-tap.js';
import type { Kind } from '../api/kinds.js';
import { CliError } from '../exit-codes.js';
import { formatOne } from '../output/format.js';
import { withProgress } from '../output/progress.js';
import { wholeTap } from './columns.js';
import type { Context } from './context.js';
import { endOf } from './end-option.js';
import { filterFile, filterRule } from './filter-option.js';
import { type GivenFlowOptions, optionAttributes } from './flow-options.js';
import { waitUntilActive } from './wait.js';

export interface NewTap {
  readonly port: string;
  readonly name?: string;
  readonly description?: string;
  readonly project?: string;
  /** When it ends by itself. */
  readonly expires?: string;
  readonly reason?: string;
  /** Seconds; absent: not at all. */
  readonly wait?: number;
}

export interface NewService extends NewTap {
  readonly receipts?: boolean;
}

export interface NewFlow extends NewTap, GivenFlowOptions {
  readonly service: string;
  readonly direction: string;
  readonly vlanFilter?: string;
  readonly filter?: readonly string[];
  readonly filterFile?: string;
}

export interface NewMirror extends NewTap {
  readonly remoteIp: string;
  readonly type: string;
  readonly in?: string;
  readonly out?: string;
  readonly both?: string;
}

/** What a tap that is to be made is: its kind, and its attributes in the API's words. */
export interface Wanted {
  readonly kind: Kind;
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** `taas create service` */
export async function createService(context: Context, options: NewService) {
  await create(context, await wantedService(context, options), options);
}

/** `taas create flow` */
export async function createFlow(context: Context, options: NewFlow) {
  await create(context, await wantedFlow(context, options), options);
}

/** `taas create mirror` */
export async function createMirror(context: Context, options: NewMirror) {
  await create(context, await wantedMirror(context, options), options);
}

/** The tap service that the options describe; its port is looked up. @throws CliError */
export async function wantedService({ api, host }: Context, options: NewService): Promise<Wanted> {
  const own = { port_id: await findPort(api, options.port), ...(options.receipts ? { receipts: true } : {}) };
  return wanted('service', own, options, host.clock.now());
}

/** The tap flow that the options describe; its port and its tap service are looked up. @throws CliError */
export async function wantedFlow({ api, host }: Context, options: NewFlow): Promise<Wanted> {
  if (options.filter && options.filterFile !== undefined)
    throw new CliError('usage', 'give --filter or --filter-file, not both');
  const rules =
    options.filterFile === undefined ? options.filter?.map(filterRule) : filterFile(host, options.filterFile);
  const own = {
    tap_service_id: (await findTap(api, options.service, ['service'])).id,
    source_port: await findPort(api, options.port),
    direction: options.direction.toUpperCase(),
    ...(options.vlanFilter === undefined ? {} : { vlan_filter: options.vlanFilter }),
    ...(rules === undefined ? {} : { filter_rules: rules }),
    ...optionAttributes(options),
  };
  return wanted('flow', own, options, host.clock.now());
}

/** The tap mirror that the options describe; its port is looked up. @throws CliError */
export async function wantedMirror({ api, host }: Context, options: NewMirror): Promise<Wanted> {
  const given = Object.entries({ IN: options.in, OUT: options.out, BOTH: options.both });
  const directions = Object.fromEntries(given.filter(([, id]) => id !== undefined));
  if (Object.keys(directions).length === 0)
    throw new CliError('usage', 'a mirror needs --in ID, --out ID or --both ID: the tunnel id of the direction');
  const own = {
    port_id: await findPort(api, options.port),
    directions,
    ...{ remote_ip: options.remoteIp, mirror_type: options.type },
  };
  return wanted('mirror', own, options, host.clock.now());
}

function wanted(kind: Kind, own: Wanted['attributes'], options: NewTap, now: number): Wanted {
  const { name, description, project, expires, reason } = options;
  const attributes = {
    ...own,
    ...(name === undefined ? {} : { name }),
    ...(description === undefined ? {} : { description }),
    ...(project === undefined ? {} : { project_id: project }),
    ...(expires === undefined ? {} : { expires_at: endOf(expires, now) }),
    ...(reason === undefined ? {} : { reason }),
  };
  return { kind, attributes };
}

async function create(context: Context, { kind, attributes }: Wanted, options: NewTap) {
  const { host, api } = context;
  const from = host.clock.monotonic();
  const made = await withProgress(host, () => 'creating', api.create(kind, attributes));
  let shown = made;
  try {
    if (options.wait !== undefined) shown = await waitUntilActive(context, made, from, options.wait);
  } finally {
    // It is there, whatever became of the wait.
    host.terminal.out(formatOne(wholeTap(shown), context.options.format));
  }
}
