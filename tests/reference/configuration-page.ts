import { type OptionEntry, optionsOf } from '@taas/service';
import type { TSchema } from 'typebox';

export interface DocumentedProgram {
  readonly name: string;
  readonly purpose: string;
  readonly schema: TSchema;
}

/** The page about configuration, in Markdown: each program's options as its schema has them, a table a group. */
export function configurationPage(programs: readonly DocumentedProgram[]): string {
  return `${[intro, ...programs.map(section)].join('\n\n')}\n`;
}

const intro = `# Configuration

This page is made from the schemas that the programs check their files with, and a test compares it with them;
\`npm run unit -- configuration -u\` writes it anew.

Each program reads one YAML file, named by \`--config FILE\`. Every option has a default unless it says "required". An unknown
option, or a value of the wrong type or out of range, ends the program at its start (exit code 2) with a message that names the
file and each wrong option. Passwords and secrets are never in the file itself, but in files of their own that it names.
Changes count from the next start. \`--help\` prints the same list.

\`name[]\` is a list; what follows it after a dot stands in each of its entries.`;

function section({ name, purpose, schema }: DocumentedProgram): string {
  const all = optionsOf(schema);
  const top = all.filter(({ path, isGroup }) => !path.includes('.') && !isGroup);
  const groups = all.filter(({ path, isGroup }) => !path.includes('.') && isGroup);
  const parts = groups.map((group) => {
    const inside = all.filter(({ path }) => path.startsWith(`${group.path}.`));
    return `### ${group.path}\n\n${group.description}\n\n${table(inside)}`;
  });
  return [`## ${name}\n\n${purpose}`, ...(top.length > 0 ? [table(top)] : []), ...parts].join('\n\n');
}

function table(options: readonly OptionEntry[]): string {
  const rows = options.map(({ path, constraints, description, isGroup }) =>
    isGroup ? row(`\`${path}\``, '', description) : row(`\`${path}\``, constraints, description),
  );
  return [row('option', 'value', 'what it is'), row('---', '---', '---'), ...rows].join('\n');
}

const row = (...cells: readonly string[]): string =>
  `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
