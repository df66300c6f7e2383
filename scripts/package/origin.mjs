// Which version is packaged, when it was made and by whom: said by git, so that a commit always gives the same bytes.
import { spawnSync } from 'node:child_process';

/**
 * The version of Debian's packages. A commit that has the tag `v<version>` is that version; any other comes after it, in the
 * order of time, and says which it is.
 * @param {{version: string, tags: readonly string[], epoch: number, commit: string, changed: boolean}} state `epoch`: when it
 * was committed, in seconds; `changed`: something is not committed
 */
export function debianVersion({ version, tags, epoch, commit, changed }) {
  if (tags.includes(`v${version}`) && !changed) return `${version}-1`;
  const time = new Date(epoch * 1000).toISOString().replace(/\D/g, '').slice(0, 14);
  return `${version}+git${time}.${commit.slice(0, 7)}${changed ? '.changed' : ''}-1`;
}

/**
 * What git says of the folder, and the environment over it: SOURCE_DATE_EPOCH (seconds), DEBFULLNAME and DEBEMAIL. With all three
 * no git is needed: then the version is that of a release.
 * @returns {{version: string, epoch: number, maintainer: string}}
 * @throws {Error} where git cannot tell what the environment does not
 */
export function originOf(folder, version, env = process.env) {
  const told = readHistory(folder);
  const maintainer = env.DEBFULLNAME && env.DEBEMAIL ? `${env.DEBFULLNAME} <${env.DEBEMAIL}>` : told.author;
  const epoch = env.SOURCE_DATE_EPOCH ? Number(env.SOURCE_DATE_EPOCH) : told.epoch;
  if (maintainer === undefined || epoch === undefined)
    throw new Error(
      `git does not say when this was made and by whom (${told.why}): set SOURCE_DATE_EPOCH, DEBFULLNAME and DEBEMAIL`,
    );
  if (!Number.isSafeInteger(epoch) || epoch < 0)
    throw new Error(`SOURCE_DATE_EPOCH=${env.SOURCE_DATE_EPOCH}: it is seconds since 1970`);
  return { version: told.why === undefined ? debianVersion({ version, ...told }) : `${version}-1`, epoch, maintainer };
}

/** Of the commit that is checked out; or why git cannot tell. */
function readHistory(folder) {
  const git = (...args) => spawnSync('git', ['-C', folder, ...args], { encoding: 'utf8' });
  const log = git('log', '-1', '--format=%H%n%ct%n%an <%ae>');
  if (log.status !== 0) return { why: (log.error?.message ?? log.stderr).trim() };
  const [commit, epoch, author] = log.stdout.trim().split('\n');
  return {
    ...{ commit, epoch: Number(epoch), author },
    tags: git('tag', '--points-at', 'HEAD').stdout.split('\n'),
    changed: git('status', '--porcelain').stdout !== '',
  };
}
