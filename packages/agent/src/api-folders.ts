import { dirname, join } from 'node:path';

/** Where VPP's packages put their `*.api.json` files. */
export const packagedApiFolder = '/usr/share/vpp/api';

/**
 * Folders with `*.api.json` files to look into: those that the operator names, else the packages' and the one beside each folder
 * of the PATH, where a VPP that was built has them.
 */
export function apiFolders(named: readonly string[], path = process.env['PATH'] ?? ''): string[] {
  if (named.length > 0) return [...named];
  const beside = path
    .split(':')
    .filter((folder) => folder !== '')
    .map((folder) => join(dirname(folder), 'share', 'vpp', 'api'));
  return [...new Set([packagedApiFolder, ...beside])];
}
