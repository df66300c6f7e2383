import { existsSync } from 'node:fs';
import { programScript } from '@taas/lab';

/** A built checkout of an earlier state of this project, or why there is none. */
export type Earlier = { readonly root: string } | { readonly missing: string };

/** @param env.TAAS_EARLIER where it is; `npm run test:upgrade` makes one */
export function findEarlier({ TAAS_EARLIER: root }: NodeJS.ProcessEnv): Earlier {
  if (root === undefined || root === '') return { missing: 'TAAS_EARLIER names no earlier checkout of this project' };
  const script = programScript('taas-server', root);
  return existsSync(script) ? { root } : { missing: `TAAS_EARLIER: there is no ${script}` };
}
