import { readdir, readFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { findVpp } from '@taas/lab';
import { describe, expect, it } from 'vitest';
import { ReleaseApi, type ReleaseName, releases } from 'vpp-sim';

interface Definitions {
  readonly messages: Map<string, unknown>;
  readonly types: Map<string, unknown>;
  readonly services: Map<string, unknown>;
}

type Module = Readonly<Record<string, unknown>>;

/** The directory of an installed VPP's API definitions: of VPP_PREFIX, else beside the `vpp` on the PATH. */
async function installedApi(): Promise<string | undefined> {
  const prefix = process.env['VPP_PREFIX'];
  const onPath = (process.env['PATH'] ?? '').split(delimiter).map((folder) => dirname(folder));
  for (const root of prefix === undefined ? onPath : [prefix]) {
    const folder = join(root, 'share', 'vpp', 'api');
    if ((await readdir(folder).catch(() => [])).length > 0) return folder;
  }
  return undefined;
}

/** The first entry of each name: modules repeat what they import. Comments and limits of fields are left out. */
function collect(modules: readonly Module[]): Definitions {
  const found: Definitions = { messages: new Map(), types: new Map(), services: new Map() };
  const add = (map: Map<string, unknown>, key: string, value: unknown) => {
    if (!map.has(key)) map.set(key, value);
  };
  for (const module of modules) {
    for (const message of list(module['messages'])) {
      const crc = (list(message).at(-1) as { crc: string }).crc;
      add(found.messages, String(list(message)[0]), { crc, fields: fieldsOf(message) });
    }
    for (const kind of ['types', 'unions'])
      for (const type of list(module[kind])) add(found.types, String(list(type)[0]), fieldsOf(type));
    for (const kind of ['enums', 'enumflags'])
      for (const type of list(module[kind])) add(found.types, String(list(type)[0]), list(type).slice(1));
    for (const [name, alias] of Object.entries(module['aliases'] ?? {})) add(found.types, name, alias);
    for (const [name, service] of Object.entries(module['services'] ?? {})) add(found.services, name, service);
  }
  return found;
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function fieldsOf(type: unknown): unknown[] {
  return list(type)
    .filter((part) => Array.isArray(part))
    .map((part) => list(part).filter((item) => typeof item !== 'object'));
}

const folder = await installedApi();

/** The names of all types that the messages need. */
function usedTypes({ messages, types }: Definitions): ReadonlySet<string> {
  const used = new Set<string>();
  const add = (definition: unknown) => {
    for (const [, name = ''] of JSON.stringify(definition).matchAll(/"vl_api_(\w+)_t"/g)) {
      if (used.has(name)) continue;
      used.add(name);
      add(types.get(name) ?? null);
    }
  };
  for (const message of messages.values()) add(message);
  return used;
}

/** The profile of the installed VPP's release. @throws Error if the simulator has none of it */
function profile() {
  const vpp = findVpp(process.env);
  const name = 'path' in vpp ? /(\d+\.\d+)/.exec(vpp.version)?.[1] : undefined;
  const release = releases[name as ReleaseName];
  if (release === undefined) throw new Error(`the simulator has no profile of VPP ${name}`);
  return release;
}

describe.skipIf(folder === undefined)("the simulator's definitions", () => {
  it('of its release are those of the installed VPP: every message, CRC, field, type and service', async () => {
    const files = (await readdir(folder ?? '', { recursive: true })).filter((file) => file.endsWith('.api.json'));
    const real = collect(
      await Promise.all(files.map(async (file) => JSON.parse(await readFile(join(folder ?? '', file), 'utf8')))),
    );
    const api = new ReleaseApi(profile());
    const ours = collect(api.modules as unknown as Module[]);
    expect(ours.messages.size).toBeGreaterThan(80);
    // Some types are there for messages of later releases.
    const used = usedTypes(ours);
    for (const name of ours.types.keys()) if (!used.has(name)) ours.types.delete(name);
    expect(ours.types.size).toBeGreaterThan(20);
    for (const part of ['messages', 'types', 'services'] as const)
      for (const [name, definition] of ours[part]) expect(real[part].get(name), `${part} ${name}`).toEqual(definition);
  });
});
