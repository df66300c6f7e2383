import { examine, worst } from '../doctor/checks.js';
import { type DoctorTargets, gather } from '../doctor/gather.js';
import { formatReport, type ReportFormat } from '../doctor/report.js';
import { CliError, exitCodes } from '../exit-codes.js';
import type { Host } from '../host/host.js';
import { painter } from '../output/colour.js';
import { withProgress } from '../output/progress.js';
import type { Context } from './context.js';

export interface DoctorOptions {
  readonly node?: string;
  readonly serverHealth?: readonly string[];
  readonly agentHealth?: readonly string[];
  readonly etcd?: readonly string[];
  readonly etcdCacert?: string;
  readonly etcdCert?: string;
  readonly etcdKey?: string;
  readonly report?: ReportFormat;
}

const codes = { ok: exitCodes.done.code, problem: exitCodes.failed.code, unknown: exitCodes.unknown.code } as const;

/** `taas doctor`. @returns the exit code */
export async function doctor(context: Context, tap: string | undefined, options: DoctorOptions): Promise<number> {
  const { host } = context;
  const work = gather(context, doctorTargets(host, tap, options));
  const examined = examine(await withProgress(host, () => 'examining', work));
  const format = options.report ?? (context.options.format === 'json' ? 'json' : 'text');
  host.terminal.out(formatReport(examined, format, painter(host)));
  return codes[worst(examined.map(({ verdict }) => verdict))];
}

/** Whom to ask. @throws CliError usage */
export function doctorTargets(host: Host, tap: string | undefined, options: DoctorOptions): DoctorTargets {
  if (tap !== undefined && options.node !== undefined) throw new CliError('usage', 'name a tap or a node, not both');
  return {
    tap: tap ?? null,
    node: options.node ?? null,
    ...{ servers: urls(options.serverHealth), agents: urls(options.agentHealth), etcd: urls(options.etcd) },
    etcdTrust: {
      ...file(host, 'ca', options.etcdCacert),
      ...file(host, 'cert', options.etcdCert),
      ...file(host, 'key', options.etcdKey),
    },
  };
}

function urls(given: readonly string[] = []): readonly string[] {
  for (const url of given)
    if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
      throw new CliError('usage', `"${url}" is no http or https URL`);
  return given;
}

function file<Name extends string>(
  host: Host,
  name: Name,
  path: string | undefined,
): { readonly [N in Name]?: string } {
  if (path === undefined) return {};
  const text = host.files.read(path);
  if (text === null) throw new CliError('usage', `the file ${path} does not exist`);
  return { [name]: text } as { readonly [N in Name]: string };
}
