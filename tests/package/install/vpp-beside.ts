import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startupConfiguration, type VppBinary } from '@taas/lab';
import { run } from '../deb-file.js';
import type { Debian } from './debian.js';

/**
 * Lays out what a Debian sees of a VPP that runs beside it: sockets in /run/vpp, and `vppctl`.
 * @returns the command that runs VPP
 */
export function vppBeside(debian: Debian, binary: VppBinary): string {
  const sockets = debian.at('/run/vpp');
  mkdirSync(join(sockets, 'run'), { recursive: true });
  const config = join(sockets, 'startup.conf');
  writeFileSync(config, startupConfiguration(binary, sockets, 'install', { group: debian.group('vpp') }));
  const tools = debian.at('/opt/vppctl');
  mkdirSync(tools, { recursive: true });
  const vppctl = binary.path.replace(/vpp$/, 'vppctl');
  // Its libraries besides those of every Debian: newer Debians have newer ones of these.
  const libraries = [...run('ldd', [vppctl]).matchAll(/=> (\S+)/g)].map(([, path = '']) => path);
  const own = libraries.filter((path) => !/\/(libc|libm|libpthread|libdl|librt)\.so/.test(path));
  for (const file of [vppctl, ...own]) copyFileSync(file, join(tools, file.slice(file.lastIndexOf('/') + 1)));
  const script = '#!/bin/sh\nLD_LIBRARY_PATH=/opt/vppctl exec /opt/vppctl/vppctl -s /run/vpp/cli.sock "$@"\n';
  writeFileSync(debian.at('/usr/bin/vppctl'), script, { mode: 0o755 });
  return `exec ${binary.path} -c ${config}`;
}
