import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Logger } from '@taas/service';
import type { AccumulatorState } from './accumulator.js';
import { parseState } from './state-text.js';

/** What an agent has counted, on the node's disk: a restart of the agent goes on from there. */
export class StateFile {
  #lastProblem = '';

  /** @param path an absolute path; its folder is made if it is not there */
  constructor(
    private readonly path: string,
    private readonly logger: Logger,
  ) {}

  /** @returns null if there is none, or it cannot be used: it is said, and counting begins anew */
  async load(): Promise<{ readonly state: AccumulatorState; readonly savedAt: number } | null> {
    let text: string;
    try {
      text = await readFile(this.path, 'utf8');
    } catch (error) {
      this.logger.info(
        { file: this.path, cause: String(error) },
        'there is nothing to go on counting from: it begins anew',
      );
      return null;
    }
    const found = parseState(text);
    if (!found) this.logger.warn({ file: this.path }, 'the statistics of before cannot be read: counting begins anew');
    return found;
  }

  /** Writes a state's text as a whole or not at all. What fails is said once: counting goes on without. */
  async save(text: string): Promise<void> {
    const beside = `${this.path}.new`;
    try {
      await mkdir(dirname(this.path), { recursive: true, mode: 0o700 });
      const file = await open(beside, 'w', 0o600);
      try {
        await file.writeFile(text);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(beside, this.path);
      this.#lastProblem = '';
    } catch (error) {
      const problem = String(error);
      if (problem !== this.#lastProblem)
        this.logger.warn(
          { file: this.path, cause: problem },
          'statistics cannot be kept on disk (option "statistics.state_file"): a restart of the agent would begin anew',
        );
      this.#lastProblem = problem;
    }
  }
}
