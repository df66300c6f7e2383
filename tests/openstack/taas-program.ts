import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ServiceProcess } from './lab/service-process.js';

export interface TaasProgram {
  readonly program: 'taas-server' | 'taas-agent';
  /** Holds its configuration and its log. */
  readonly directory: string;
  /** All but where it tells its health. */
  readonly config: object;
  /** Of /readyz on loopback. */
  readonly healthPort: number;
}

/** One of our programs as an operator runs it: a configuration file, a process, a log. */
export function taasProgram({ program, directory, config, healthPort }: TaasProgram): ServiceProcess {
  const folder = program.replace('taas-', '');
  const script = fileURLToPath(new URL(`../../packages/${folder}/bin/${program}.js`, import.meta.url));
  const file = join(directory, `${program}.yaml`);
  const whole = { ...config, health: { host: '127.0.0.1', port: healthPort } };
  writeFileSync(file, `${JSON.stringify(whole, null, 2)}\n`);
  return new ServiceProcess({
    name: program,
    command: process.execPath,
    args: [script, '--config', file],
    cwd: directory,
    env: process.env,
    logFile: join(directory, `${program}.log`),
    readyUrl: `http://127.0.0.1:${healthPort}/readyz`,
    readyStatus: [200],
  });
}
