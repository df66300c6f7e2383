import type { Host } from '../host/host.js';

export type Paint = (colour: 'red' | 'green' | 'yellow' | 'bold', text: string) => string;

const codes = { red: 31, green: 32, yellow: 33, bold: 1 } as const;

/** Colours on a terminal, unless NO_COLOR is set (no-color.org) or the terminal is a dumb one. */
export function painter({ env, terminal }: Host): Paint {
  const plain = !terminal.outIsTerminal || Boolean(env['NO_COLOR']) || env['TERM'] === 'dumb';
  return plain ? (_, text) => text : (colour, text) => `\u001b[${codes[colour]}m${text}\u001b[0m`;
}
