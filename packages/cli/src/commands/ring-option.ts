import { CliError } from '../exit-codes.js';
import type { RingOptions } from '../ring/ring-sink.js';

const most = 1_000_000_000;

/**
 * What `-b` says, in dumpcap's words: `filesize:KB` (of 1,000 bytes), `duration:SECONDS`, `packets:NUMBER`, `files:NUMBER`.
 * @throws CliError usage
 */
export function ringOf(given: readonly string[]): RingOptions {
  const found: { bytes?: number; ms?: number; packets?: number; files?: number } = {};
  for (const each of given) {
    const [, name, digits] = /^(filesize|duration|packets|files):([1-9]\d{0,9})$/.exec(each) ?? [];
    const value = Number(digits);
    if (name === undefined || value > most)
      throw new CliError(
        'usage',
        `-b "${each}" is none of filesize:KB, duration:SECONDS, packets:NUMBER, files:NUMBER`,
      );
    if (name === 'filesize') found.bytes = value * 1000;
    else if (name === 'duration') found.ms = value * 1000;
    else if (name === 'packets') found.packets = value;
    else found.files = value;
  }
  if (found.bytes === undefined && found.ms === undefined && found.packets === undefined)
    throw new CliError(
      'usage',
      '-b files: says not when the next file begins: give filesize, duration or packets, too',
    );
  return found;
}
