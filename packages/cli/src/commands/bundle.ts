import { join } from 'node:path';
import { bundleContents } from '../bundle/contents.js';
import { tarGz } from '../bundle/tar.js';
import { withProgress } from '../output/progress.js';
import type { Context } from './context.js';
import { type DoctorOptions, doctorTargets } from './doctor.js';

export interface BundleOptions extends Omit<DoctorOptions, 'report'> {
  readonly output?: string;
}

/** `taas bundle`: everything for a bug report in one file, without secrets. Names its path on standard output. */
export async function bundle(context: Context, options: BundleOptions): Promise<void> {
  const { host } = context;
  const targets = doctorTargets(host, undefined, options);
  const contents = await withProgress(host, () => 'gathering', bundleContents(context, targets));
  const time = host.clock.now();
  const name = `taas-bundle-${new Date(time).toISOString().replace(/[:.]/g, '-')}.tar.gz`;
  const path = options.output ?? join(host.directory, name);
  host.files.writePrivate(path, await tarGz(contents, time));
  host.terminal.out(`${path}\n`);
  host.terminal.err(
    `${contents.size} files; secrets are left out. Look through it before you hand it on: it names your taps and ports.\n`,
  );
}
