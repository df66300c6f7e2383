import { findTap } from '../api/find-tap.js';
import { type Kind, kinds, type Tap, textOf } from '../api/kinds.js';
import { CliError } from '../exit-codes.js';
import { printable } from '../output/printable.js';
import { withProgress } from '../output/progress.js';
import type { Context } from './context.js';
import { waitUntilGone } from './wait.js';

export interface DeleteOptions {
  readonly kind?: Kind;
  readonly yes?: boolean;
  readonly wait?: number;
}

/** `taas delete`: all that are named are found before the first is deleted. */
export async function remove(context: Context, names: readonly string[], { kind, yes, wait }: DeleteOptions) {
  const { host, api } = context;
  const work = Promise.all(names.map((name) => findTap(api, name, kind && [kind])));
  const found = new Map((await withProgress(host, () => 'looking', work)).map((tap) => [tap.id, tap]));
  const taps = [...found.values()];
  if (yes !== true && !(await isMeant(context, taps))) throw new CliError('failed', 'nothing was deleted');
  for (const tap of taps) {
    const from = host.clock.monotonic();
    await api.delete(tap.kind, tap.id);
    host.terminal.err(`deleted ${describe(tap)}\n`);
    if (wait !== undefined) await waitUntilGone(context, tap, from, wait);
  }
}

async function isMeant({ host, api }: Context, taps: readonly Tap[]): Promise<boolean> {
  const lines = await Promise.all(
    taps.map(async (tap) => {
      const flows = tap.kind === 'service' ? await api.list('flow', { tap_service_id: tap.id }) : [];
      const own = flows.filter((flow) => flow.attributes['tap_service_id'] === tap.id);
      return `  ${describe(tap)}${own.length === 0 ? '' : `, and its ${own.length} tap flows with it`}\n`;
    }),
  );
  const answer = await host.terminal.ask(`Delete\n${lines.join('')}? [y/N] `);
  if (answer === null)
    throw new CliError('usage', `nobody can be asked here; say --yes to delete\n${lines.join('').trimEnd()}`);
  return /^y(es)?$/i.test(answer.trim());
}

const describe = (tap: Tap): string => {
  const name = printable(textOf(tap, 'name'));
  return `${kinds[tap.kind].title} ${printable(tap.id)}${name === '' ? '' : ` (${name})`}`;
};
