import { parse } from 'yaml';
import { CliError } from '../exit-codes.js';
import type { Host } from '../host/host.js';

const parts = ['ethertype', 'protocol', 'source_ip_prefix', 'destination_ip_prefix', 'source_port', 'destination_port'];

/**
 * `accept,protocol=udp,destination_port=53` as a rule of the API, which checks the values.
 * @throws CliError usage
 */
export function filterRule(text: string): Readonly<Record<string, string>> {
  const [action = '', ...rest] = text.split(',').map((part) => part.trim());
  if (action !== 'accept' && action !== 'reject')
    throw new CliError('usage', `--filter ${text}: a rule begins with accept or reject`);
  const named = rest.map((part) => {
    const at = part.indexOf('=');
    const name = part.slice(0, Math.max(at, 0));
    if (!parts.includes(name))
      throw new CliError('usage', `--filter ${text}: "${part}" is none of ${parts.join('=, ')}=`);
    return [name, part.slice(at + 1)] as const;
  });
  return { action, ...Object.fromEntries(named) };
}

/** Rules as the API has them, in JSON or YAML. @throws CliError usage */
export function filterFile(host: Host, path: string): readonly unknown[] {
  const text = host.files.read(path);
  if (text === null) throw new CliError('usage', `--filter-file ${path} does not exist`);
  let value: unknown;
  try {
    value = parse(text, { logLevel: 'error' });
  } catch {
    throw new CliError('usage', `--filter-file ${path} is neither JSON nor YAML`);
  }
  if (!Array.isArray(value)) throw new CliError('usage', `--filter-file ${path} holds no list of rules`);
  return value;
}
