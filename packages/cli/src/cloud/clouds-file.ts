import { join } from 'node:path';
import { parse } from 'yaml';
import { CliError } from '../exit-codes.js';
import type { Host } from '../host/host.js';

/** Settings by name, as clouds.yaml nests them. */
export type Settings = Readonly<Record<string, unknown>>;

export interface CloudsFile {
  readonly path: string;
  readonly clouds: Readonly<Record<string, Settings>>;
}

/**
 * clouds.yaml as openstacksdk finds it, secure.yaml merged over it; null if there is none.
 * @throws CliError usage for a file that cannot be read
 */
export function readCloudsFile(host: Host): CloudsFile | null {
  const found = firstFile(host, 'OS_CLIENT_CONFIG_FILE', 'clouds');
  if (found === null) return null;
  const secure = firstFile(host, 'OS_CLIENT_SECURE_FILE', 'secure');
  const merged = merge(found.content, secure?.content ?? {});
  const clouds = isSettings(merged['clouds']) ? merged['clouds'] : {};
  const known = Object.entries(clouds).flatMap(([name, cloud]) => (isSettings(cloud) ? [[name, cloud] as const] : []));
  return { path: found.path, clouds: Object.fromEntries(known) };
}

function firstFile(host: Host, variable: string, name: string): { path: string; content: Settings } | null {
  const named = host.env[variable];
  const config = host.env['XDG_CONFIG_HOME'] || join(host.home, '.config');
  const folders = [host.directory, join(config, 'openstack'), '/etc/openstack'];
  const usual = folders.flatMap((folder) => [`${name}.yaml`, `${name}.yml`].map((file) => join(folder, file)));
  for (const path of named ? [named] : usual) {
    const text = readText(host, path);
    if (text !== null) return { path, content: parsed(path, text) };
  }
  if (named) throw new CliError('usage', `${variable} names ${named}, which does not exist`);
  return null;
}

function readText(host: Host, path: string): string | null {
  try {
    return host.files.read(path);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'an error';
    throw new CliError('usage', `${path} cannot be read: ${code}`, { cause: error });
  }
}

function parsed(path: string, text: string): Settings {
  let value: unknown;
  try {
    // As PyYAML's safe_load: anchors and merge keys are common in clouds.yaml.
    value = parse(text, { merge: true, maxAliasCount: 100, prettyErrors: false, logLevel: 'error' });
  } catch (error) {
    // The parser's own message may quote a line, which may have a password in it.
    const at = (error as { linePos?: readonly { line: number }[] }).linePos?.[0]?.line ?? lineOf(error, text);
    throw new CliError('usage', `${path} is no YAML${at === null ? '' : `: see line ${at}`}`);
  }
  if (value === null) return {};
  if (!isSettings(value)) throw new CliError('usage', `${path} holds no map of clouds`);
  return value;
}

function lineOf(error: unknown, text: string): number | null {
  const offset = (error as { pos?: readonly number[] }).pos?.[0];
  return offset === undefined ? null : text.slice(0, offset).split('\n').length;
}

function merge(under: Settings, over: Settings): Settings {
  const merged: Record<string, unknown> = { ...under };
  for (const [name, value] of Object.entries(over)) {
    const below = merged[name];
    merged[name] = isSettings(value) && isSettings(below) ? merge(below, value) : value;
  }
  return merged;
}

export function isSettings(value: unknown): value is Settings {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
