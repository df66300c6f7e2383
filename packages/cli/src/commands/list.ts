import { type Kind, kindNames } from '../api/kinds.js';
import { formatList } from '../output/format.js';
import { withProgress } from '../output/progress.js';
import { columns, wholeTap } from './columns.js';
import type { Context } from './context.js';

export interface ListOptions {
  readonly name?: string;
  readonly status?: string;
  readonly project?: string;
}

/** `taas list`: all taps that the caller may see, or those of one kind. */
export async function list(
  { host, api, options }: Context,
  kind: Kind | undefined,
  { name, status, project }: ListOptions,
) {
  const query = { name, status: status?.toUpperCase(), project_id: project };
  const asked = Promise.all((kind === undefined ? kindNames : [kind]).map((each) => api.list(each, query)));
  const found = (await withProgress(host, () => 'listing', asked)).flat();
  host.terminal.out(formatList(found, columns[kind ?? 'all'], wholeTap, options.format));
}
