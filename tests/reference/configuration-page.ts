import { type OptionEntry, optionsOf } from '@taas/service';
import type { TSchema } from 'typebox';

export interface DocumentedProgram {
  readonly name: string;
  readonly purpose: string;
  readonly schema: TSchema;
}

/** The page about configuration, in Markdown: each program's options as its schema has them, a table a group. */
export function configurationPage(programs: readonly DocumentedProgram[]): string {
  return `${[intro, ...programs.map(section), files(programs)].join('\n\n')}\n`;
}

const filesIntro = `## Files

What a running program notices by itself, within two seconds, however a file is replaced (also by the swap of a link, as Kubernetes
does it); \`systemctl reload\`, which sends SIGHUP, has it look at once and log what it has found. A new content is checked as at the
start. One that is no good changes nothing: what was in use stays in use, and the log and \`/readyz\` (\`files.refused\`) say why, until the
file is mended. A certificate and its key are taken together. Connections that stand are not cut off; new ones go by the new files.

A secret is refused, at the start and later, if others can read it: it belongs to the program's user or to root, and no group but
root's or the program's own may read it. Any file is refused that everybody can write.`;

/** Every option that names a file. */
function files(programs: readonly DocumentedProgram[]): string {
  const rows = programs.flatMap(({ name, schema }) => [
    row(name, '`--config`', 'no', 'which options count from the next start'),
    ...optionsOf(schema)
      .filter(({ path }) => /_files?(\[\])?$/.test(path))
      .map(({ path }) =>
        row(name, `\`${path}\``, /key_file$|password_file$|secret_file$/.test(path) ? 'yes' : 'no', 'the content'),
      ),
  ]);
  const head = [row('program', 'option', 'a secret', 'noticed while running'), row('---', '---', '---', '---')];
  return [filesIntro, '', ...head, ...rows].join('\n');
}

const intro = `# Configuration

This page is made from the schemas that the programs check their files with, and a test compares it with them;
\`npm run unit -- configuration -u\` writes it anew.

Each program reads one YAML file, named by \`--config FILE\`. Every option has a default unless it says "required". An unknown
option, or a value of the wrong type or out of range, ends the program at its start (exit code 2) with a message that names the
file and each wrong option. Passwords and secrets are never in the file itself, but in files of their own that it names.
The files are YAML without tags, anchors, aliases and merge keys. \`--help\` prints the same list.

A change of the configuration file counts from the next start; a running program says in its log and at \`/readyz\`
(\`files.restart_for\`) which options that would be. The files that it names are looked at every two seconds, see [below](#files).

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
