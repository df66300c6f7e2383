import { findPort, findTap } from '../api/find-tap.js';
import { isId, type Kind, textOf } from '../api/kinds.js';
import { isObject } from '../api/taas-api.js';
import { CliError } from '../exit-codes.js';
import { type Column, cell, formatList, formatOne } from '../output/format.js';
import { wholeTap } from './columns.js';
import type { Context } from './context.js';
import { endOf } from './end-option.js';

export interface RenewOptions {
  readonly kind?: Kind;
  readonly expires: string;
  readonly reason?: string;
}

/** `taas renew`: all that are named are found before the first is changed. */
export async function renew(context: Context, names: readonly string[], { kind, expires, reason }: RenewOptions) {
  const { host, api, options } = context;
  const expires_at = endOf(expires, host.clock.now());
  const taps = await Promise.all(names.map((name) => findTap(api, name, kind && [kind])));
  for (const tap of new Map(taps.map((each) => [each.id, each])).values()) {
    const change = { expires_at, ...(reason === undefined ? {} : { reason }) };
    host.terminal.out(formatOne(wholeTap(await api.change(tap.kind, tap.id, change)), options.format));
  }
}

export interface ApproveOptions {
  readonly kind?: Kind;
  readonly capture?: boolean;
  /** What was seen, as the tap showed it; without it the tap is shown, and the user is asked. */
  readonly consentTo?: string;
}

/** `taas approve`: agrees to a tap, or a capture, that somebody else has asked for. */
export async function approve({ host, api, options }: Context, name: string, given: ApproveOptions) {
  const { kind, capture, consentTo } = given;
  if (capture === true) {
    if (!isId(name)) throw new CliError('usage', 'a capture is named by its id');
    return host.terminal.out(formatOne(await api.approveCapture(name), options.format));
  }
  const tap = await findTap(api, name, kind ? [kind] : ['flow', 'mirror']);
  const seen = consentTo ?? textOf(tap, 'consent_to');
  if (consentTo === undefined) {
    const answer = await host.terminal.ask(`${formatOne(wholeTap(tap), 'table')}Agree to this? [y/N] `);
    if (answer === null)
      throw new CliError('usage', 'nobody can be asked here; say --consent-to, as taas show shows it');
    if (!/^y(es)?$/i.test(answer.trim())) throw new CliError('failed', 'nothing was agreed to');
  }
  host.terminal.out(formatOne(wholeTap(await api.approve(tap.kind, tap.id, seen)), options.format));
}

type Row = Readonly<Record<string, unknown>>;

const column = (name: string, wide = false): Column<Row> => ({
  name,
  wide,
  of: (row) => cell(row[name]),
});
const tappedColumns = [
  ...['port_id', 'kind', 'id', 'direction', 'since', 'expires_at', 'consent', 'reason'].map((name) => column(name)),
  ...['destination', 'agreed_by', 'project_id'].map((name) => column(name, true)),
];

/** `taas tapped`: who copies the caller's ports, whoever that is. */
export async function tapped({ host, api, options }: Context, port: string | undefined) {
  const id = port === undefined ? undefined : await findPort(api, port);
  const rows: Row[] = [];
  for (const each of await api.tappedPorts(id)) {
    const { port_id, tapped_by } = each;
    const taps: readonly unknown[] = Array.isArray(tapped_by) ? tapped_by : [];
    for (const tap of taps) if (isObject(tap)) rows.push({ port_id, ...tap });
  }
  host.terminal.out(formatList(rows, tappedColumns, (row) => row, options.format));
}
