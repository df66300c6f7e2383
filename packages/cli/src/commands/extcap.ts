import { isId } from '../api/kinds.js';
import { isObject } from '../api/taas-api.js';
import { CliError } from '../exit-codes.js';
import { type ExtcapPort, extcapConfig, extcapDlts, extcapInterfaces, extcapProgram } from '../extcap/extcap-text.js';
import { version } from '../version.js';
import { capture } from './capture.js';
import type { Context } from './context.js';

export interface InstallOptions {
  readonly folder?: string;
  readonly program?: string;
}

/** Ports that can be chosen: a longer menu is of no use. */
const mostPorts = 500;

/** `taas extcap install`: puts us into Wireshark's list of interfaces, with the ports that there are now. */
export async function installExtcap(context: Context, { folder, program = 'taas' }: InstallOptions): Promise<void> {
  const { host, options } = context;
  const ports = await portsOf(context);
  const answers = `${host.home}/.cache/taas/extcap`;
  host.files.writePrivate(`${answers}/interfaces`, extcapInterfaces(version));
  host.files.writePrivate(`${answers}/dlts`, extcapDlts);
  host.files.writePrivate(`${answers}/config`, extcapConfig(ports));
  const command = [program, ...(options.osCloud === undefined ? [] : ['--os-cloud', options.osCloud])];
  const path = `${folder ?? `${host.home}/.config/wireshark/extcap`}/taas`;
  host.files.writeProgram(path, extcapProgram(command, answers));
  host.terminal.err(`${path} is there, with ${ports.length} ports; Wireshark sees it when it begins, or by F5\n`);
}

/** None where there is no Neutron behind the endpoint: then a port's id is typed. */
async function portsOf({ api }: Context): Promise<readonly ExtcapPort[]> {
  const body = await api.get('/v2.0/ports?fields=id&fields=name').catch((error: unknown) => {
    if (error instanceof CliError && error.outcome === 'not_found') return {};
    throw error;
  });
  const { ports } = body as { readonly ports?: unknown };
  const known = (Array.isArray(ports) ? ports : [])
    .filter(isObject)
    .flatMap(({ id, name }) =>
      typeof id === 'string' && isId(id) ? [{ id, name: typeof name === 'string' ? name : '' }] : [],
    );
  return known.slice(0, mostPorts);
}

export interface ExtcapCaptureOptions {
  readonly fifo: string;
  readonly port: string;
  readonly direction?: string;
  readonly bpf?: string;
  readonly seconds?: number;
  readonly reason?: string;
  /** What is typed beside the interface. */
  readonly extcapCaptureFilter?: string;
}

/** `taas extcap capture`: what Wireshark calls. */
export async function captureForExtcap(context: Context, options: ExtcapCaptureOptions): Promise<void> {
  const { fifo, port, direction, seconds, reason, bpf = '', extcapCaptureFilter: typed = '' } = options;
  const filters = [bpf, typed].filter((each) => each.trim() !== '');
  await capture(context, [port], {
    write: fifo,
    ...(direction === undefined ? {} : { direction }),
    ...(seconds === undefined ? {} : { seconds }),
    ...(reason === undefined || reason === '' ? {} : { reason }),
    ...(filters.length === 0 ? {} : { bpf: filters.map((each) => `(${each})`).join(' and ') }),
  });
}
