import { opendir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { emptyApi, type RawApi, readApiJson } from './api-json.js';
import { bootstrapApi } from './bootstrap.js';
import type { MessageTable } from './compatibility.js';
import { VppDefinitionsError } from './errors.js';
import { Schema } from './schema.js';

/** Where to look for the `*.api.json` files of a VPP, and how much of them to read. */
export interface ApiFolders {
  readonly folders: readonly string[];
  /** Files in all folders together. Default 2,000; VPP has some 200. */
  readonly maxFiles?: number;
  /** Bytes of one file. Default 4 MiB; VPP's largest has 0.3. */
  readonly maxFileBytes?: number;
  /** Bytes of all files together. Default 64 MiB; VPP's have 3. */
  readonly maxBytes?: number;
}

/** A file or folder that could not be used, and why. */
export interface ApiFileProblem {
  readonly path: string;
  readonly why: string;
}

export interface FoundDefinitions {
  readonly schema: Schema;
  /** What was left out; it kept nothing else from being read. */
  readonly problems: readonly ApiFileProblem[];
}

const suffix = '.api.json';
/** Folders within folders: VPP has `core` and `plugins`. */
const deepest = 4;

/**
 * The definitions of the messages that a VPP has, from its files. Of each file those messages are taken of which VPP's message
 * table has the name and the CRC, which covers the types that they use: a file of another release does no harm.
 * @throws VppDefinitionsError if no message of this VPP is found, naming what was looked at
 */
export async function readApiFolders(options: ApiFolders, table: MessageTable): Promise<FoundDefinitions> {
  const { folders, maxFiles = 2000, maxFileBytes = 4 << 20, maxBytes = 64 << 20 } = options;
  const problems: ApiFileProblem[] = [];
  const apis: RawApi[] = [];
  let [files, bytes] = [0, 0];
  for (const folder of folders) {
    for await (const path of apiFiles(folder, problems)) {
      if (++files > maxFiles) {
        problems.push({ path, why: `it and all that follow are not read: there are more than ${maxFiles} files` });
        break;
      }
      try {
        const { size } = await stat(path);
        if (size > maxFileBytes) throw new VppDefinitionsError(`${size} bytes: more than ${maxFileBytes}`);
        if (bytes + size > maxBytes)
          throw new VppDefinitionsError(`with it all files have more than ${maxBytes} bytes`);
        bytes += size;
        const api = listedIn(table, await readFile(path, 'utf8'), path);
        if (api.messages.size > 0) apis.push(api);
      } catch (error) {
        problems.push({ path, why: messageOf(error) });
      }
    }
    if (files > maxFiles) break;
  }
  if (apis.length === 0) throw new VppDefinitionsError(nothingFound(folders, files, problems));
  return { schema: new Schema(...apis, bootstrapApi()), problems };
}

/** What to say of a file that was left out. */
export function describeProblem({ path, why }: ApiFileProblem): string {
  return `${path} is left out of VPP's API definitions: ${why}`;
}

async function* apiFiles(folder: string, problems: ApiFileProblem[], depth = 0): AsyncGenerator<string> {
  const inner: string[] = [];
  try {
    for await (const entry of await opendir(folder)) {
      const path = join(folder, entry.name);
      if (entry.name.endsWith(suffix)) yield path;
      else if (entry.isDirectory() && depth < deepest) inner.push(path);
    }
  } catch (error) {
    problems.push({ path: folder, why: messageOf(error) });
  }
  for (const each of inner.sort()) yield* apiFiles(each, problems, depth + 1);
}

/** A file without the messages that this VPP has not, or has in another form. */
function listedIn(table: MessageTable, text: string, path: string): RawApi {
  const api = emptyApi();
  readApiJson(api, text, path);
  for (const [name, { crc }] of api.messages) if (!table.has(`${name}_${crc}`)) api.messages.delete(name);
  for (const name of api.services.keys()) if (!api.messages.has(name)) api.services.delete(name);
  return api;
}

function nothingFound(folders: readonly string[], files: number, problems: readonly ApiFileProblem[]): string {
  const shown = problems.slice(0, 5).map(({ path, why }) => `${path}: ${why}`);
  return [
    'this VPP is too old to say what its messages are (VPP 24.06 is the first that can), and no *.api.json file with them was ' +
      `found in ${folders.join(', ') || 'any folder, since none is named'}; ${files} files were read`,
    "install VPP's API files (they come with VPP's packages, in share/vpp/api), or name the folder that has them in " +
      'the option vpp.api_files',
    ...shown,
  ].join('\n  ');
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
