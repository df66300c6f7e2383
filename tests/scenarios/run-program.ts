import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ProgramName, programScript } from '@taas/lab';

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end. */
export function run(program: ProgramName, args: readonly string[]): Promise<Outcome> {
  const command = [programScript(program), ...args];
  const child = spawn(process.execPath, command, { stdio: ['ignore', 'pipe', 'pipe'], timeout: 20_000 });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk) => {
    stdout += String(chunk);
  });
  child.stderr.on('data', (chunk) => {
    stderr += String(chunk);
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout, stderr }));
  });
}

/** Runs a program with a configuration of this text. */
export async function runWith(
  program: 'taas-server' | 'taas-agent',
  yaml: string,
  ...more: string[]
): Promise<Outcome> {
  const directory = mkdtempSync(join(tmpdir(), 'taas-config-'));
  try {
    const file = join(directory, 'config.yaml');
    writeFileSync(file, yaml);
    return await run(program, ['--config', file, ...more]);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** The lines of a program's log. */
export function logLines(file: string): readonly Readonly<Record<string, unknown>>[] {
  const lines = readFileSync(file, 'utf8').split('\n');
  return lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as Record<string, unknown>);
}
