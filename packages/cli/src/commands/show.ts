import { findTap } from '../api/find-tap.js';
import type { Kind } from '../api/kinds.js';
import { formatOne } from '../output/format.js';
import { withProgress } from '../output/progress.js';
import { wholeTap } from './columns.js';
import type { Context } from './context.js';

/** `taas show`: everything that the API says of a tap. */
export async function show({ host, api, options }: Context, nameOrId: string, { kind }: { readonly kind?: Kind }) {
  const tap = await withProgress(host, () => 'looking', findTap(api, nameOrId, kind && [kind]));
  host.terminal.out(formatOne(wholeTap(tap), options.format));
}
