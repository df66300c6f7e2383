import type { Logger } from './logger.js';
import type { ReloadRequests } from './program.js';
import type { FileWatch } from './watched-file.js';

/**
 * Looks at the files from time to time, and at once when asked to, until `stop` aborts.
 * @param reloads SIGHUP, whose outcome is always logged
 */
export function keepLooking(
  files: FileWatch,
  reloads: ReloadRequests,
  logger: Logger,
  stop: AbortSignal,
): Promise<void> {
  reloads.listen(() => {
    void files.look().then(({ changed, refused }) => {
      logger.info({ changed, refused }, 'SIGHUP: the files of the configuration were looked at');
    });
  });
  return files.run(stop);
}

/** Says what of a changed configuration file counts only from the next start. */
export interface ConfigWatch {
  /** Options whose value in the file is not the one in use. */
  readonly restartFor: readonly string[];
}

/**
 * Watches the configuration file itself, of which nothing is taken over while the program runs.
 * @param read the configuration in the file's text; throws ConfigError
 */
export function watchConfig<T>(
  files: FileWatch,
  { file, running, read, logger }: { file: string; running: T; read: (text: string) => T; logger: Logger },
): ConfigWatch {
  let restartFor: readonly string[] = [];
  const watched = files.open({
    what: 'the configuration',
    files: [{ option: '--config', path: file }],
    read: ([content]) => read(content?.toString('utf8') ?? ''),
  });
  const compare = (next: T): void => {
    restartFor = differences(running, next);
    if (restartFor.length > 0)
      logger.warn(
        { file, options: restartFor },
        'the configuration has changed: these options count from the next start',
      );
  };
  watched.onChange(compare);
  compare(watched.current);
  return {
    get restartFor() {
      return restartFor;
    },
  };
}

/** Paths of the options in which two configurations differ; a list counts as a whole. */
function differences(a: unknown, b: unknown, path = ''): string[] {
  if (!isGroup(a) || !isGroup(b)) return JSON.stringify(a) === JSON.stringify(b) ? [] : [path];
  const names = [...new Set([...Object.keys(a), ...Object.keys(b)])];
  return names.flatMap((name) => differences(a[name], b[name], path === '' ? name : `${path}.${name}`));
}

function isGroup(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
