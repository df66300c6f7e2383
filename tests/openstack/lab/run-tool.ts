import { execFile } from 'node:child_process';

/**
 * Runs one of OpenStack's set-up tools to its end.
 * @throws Error with the end of its output
 */
export function runTool(
  command: string,
  args: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { cwd, env: { ...cleanEnvironment(), ...env }, maxBuffer: 1 << 26, timeout: 300_000 };
    execFile(command, [...args], options, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`${command} ${args.join(' ')}: ${`${stdout}${stderr}`.slice(-3000)}`, { cause: error }));
    });
  });
}

/** This process's environment without what would point OpenStack's programs elsewhere. */
export function cleanEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^(OS_|PYTHON)|_proxy$/i.test(name));
  // Debian's programs need Debian's Python, whatever else is on the PATH.
  return { ...Object.fromEntries(kept), PATH: '/usr/bin:/usr/sbin:/bin:/sbin', PYTHONWARNINGS: 'ignore' };
}
