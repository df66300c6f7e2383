// Which real programs this machine has.
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

export function onPath(name) {
  return (process.env.PATH ?? '')
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find(executable);
}

/** The `vpp` of VPP_PREFIX or else of the PATH, with the folder of its API definitions where there is one. */
export function findVpp() {
  const prefix = process.env.VPP_PREFIX;
  if (prefix) {
    const candidate = join(prefix, 'bin', 'vpp');
    return executable(candidate) ? candidate : undefined;
  }
  return onPath('vpp');
}

function executable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
