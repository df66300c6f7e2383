import { TaasApi } from '../api/taas-api.js';
import { Session } from '../cloud/session.js';
import type { Host } from '../host/host.js';
import type { Format } from '../output/format-names.js';
import { printable } from '../output/printable.js';

/** What stands before or behind any command. */
export interface GlobalOptions {
  readonly osCloud?: string;
  readonly osRegionName?: string;
  readonly osInterface?: string;
  readonly insecure?: boolean;
  readonly debug?: boolean;
  readonly timeout: number;
  readonly format: Format;
}

/** What a command works with. */
export interface Context {
  readonly host: Host;
  readonly options: GlobalOptions;
  readonly session: Session;
  readonly api: TaasApi;
}

export function createContext(host: Host, options: GlobalOptions, session?: Session): Context {
  const { debug, timeout, ...choice } = options;
  const tell = (line: string) => host.terminal.err(`debug: ${printable(line)}\n`);
  const own = session ?? new Session(host, { ...choice, timeoutMs: timeout * 1000, debug: debug ? tell : undefined });
  return { host, options, session: own, api: new TaasApi(own) };
}
