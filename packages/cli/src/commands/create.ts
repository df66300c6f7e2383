import { findPort, findTap } from '../api/find-tap.js';
import type { Kind } from '../api/kinds.js';
import { CliError } from '../exit-codes.js';
import { formatOne } from '../output/format.js';
import { withProgress } from '../output/progress.js';
import { wholeTap } from './columns.js';
import type { Context } from './context.js';
import { filterFile, filterRule } from './filter-option.js';
import { waitUntilActive } from './wait.js';

export interface NewTap {
  readonly port: string;
  readonly name?: string;
  readonly description?: string;
  readonly project?: string;
  /** Seconds; absent: not at all. */
  readonly wait?: number;
}

export interface NewFlow extends NewTap {
  readonly service: string;
  readonly direction: string;
  readonly vlanFilter?: string;
  readonly filter?: readonly string[];
  readonly filterFile?: string;
  readonly accounting?: string;
}

export interface NewMirror extends NewTap {
  readonly remoteIp: string;
  readonly type: string;
  readonly in?: string;
  readonly out?: string;
  readonly both?: string;
}

/** `taas create service` */
export async function createService(context: Context, options: NewTap) {
  await create(context, 'service', options, async () => ({ port_id: await findPort(context.api, options.port) }));
}

/** `taas create flow` */
export async function createFlow(context: Context, options: NewFlow) {
  const { api, host } = context;
  if (options.filter && options.filterFile !== undefined)
    throw new CliError('usage', 'give --filter or --filter-file, not both');
  const rules =
    options.filterFile === undefined ? options.filter?.map(filterRule) : filterFile(host, options.filterFile);
  await create(context, 'flow', options, async () => ({
    tap_service_id: (await findTap(api, options.service, ['service'])).id,
    source_port: await findPort(api, options.port),
    direction: options.direction.toUpperCase(),
    ...(options.vlanFilter === undefined ? {} : { vlan_filter: options.vlanFilter }),
    ...(rules === undefined ? {} : { filter_rules: rules }),
    ...(options.accounting === undefined ? {} : { accounting: options.accounting }),
  }));
}

/** `taas create mirror` */
export async function createMirror(context: Context, options: NewMirror) {
  const given = Object.entries({ IN: options.in, OUT: options.out, BOTH: options.both });
  const directions = Object.fromEntries(given.filter(([, id]) => id !== undefined));
  if (Object.keys(directions).length === 0)
    throw new CliError('usage', 'a mirror needs --in ID, --out ID or --both ID: the tunnel id of the direction');
  await create(context, 'mirror', options, async () => ({
    ...{ port_id: await findPort(context.api, options.port), directions },
    ...{ remote_ip: options.remoteIp, mirror_type: options.type },
  }));
}

async function create(context: Context, kind: Kind, options: NewTap, own: () => Promise<object>) {
  const { host, api } = context;
  const attributes = {
    ...(await own()),
    ...(options.name === undefined ? {} : { name: options.name }),
    ...(options.description === undefined ? {} : { description: options.description }),
    ...(options.project === undefined ? {} : { project_id: options.project }),
  };
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
