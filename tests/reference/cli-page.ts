import { causes, checks, createProgram, exitCodes, packetGrammar, RecordingHost } from '@taas/cli/testing';

type Command = ReturnType<typeof createProgram>;

/** The page about the command, in Markdown: what its own help, checks and exit codes say. */
export function cliPage(): string {
  const program = createProgram(new RecordingHost(), { version: '' });
  const sections = commandsOf(program).map(section);
  const parts = [intro, `## For every command\n\n${options(program)}`, ...sections, trace, doctor(), codes()];
  return `${parts.join('\n\n')}\n`;
}

const intro = `# The command \`taas\`

This page is made from the command's own help, its checks and its exit codes, and a test compares it with them;
\`npm run unit -- tests/reference/cli -u\` writes it anew. [How to use it](../how-to/taas-command.md) is another page.

**The cloud** comes from \`clouds.yaml\` (\`OS_CLIENT_CONFIG_FILE\`, else the first of \`./\`, \`~/.config/openstack/\`, \`/etc/openstack/\`;
\`secure.yaml\` is laid over it), from which \`--os-cloud\` or \`OS_CLOUD\` choose, or from the \`OS_*\` variables that the \`openstack\` command
has. It logs in by \`v3password\`, \`v3token\` or \`v3applicationcredential\`; \`admin_token\` uses \`OS_TOKEN\` as it is, at \`OS_ENDPOINT\`; \`none\`
sends none (a server in development mode takes \`OS_PROJECT_ID\` and \`OS_ROLES\`). The network endpoint is that of the catalogue, by interface and
region; \`OS_NETWORK_ENDPOINT_OVERRIDE\` or \`network_endpoint_override\` names another. \`TAAS_TOKEN_CACHE=1\` keeps tokens between two runs, in files
of mode 0600 below \`~/.cache/taas/\`; without it none is written.

**What it writes.** The answer goes to standard output, everything else to standard error. A column is never renamed or moved. \`table\` and
\`wide\` are for people, \`value\` for shells (tabs, no head), \`json\` and \`yaml\` have all that the API says. What would move a cursor in a name
stands as its escape. Colours are on a terminal alone, and not with \`NO_COLOR\`. What takes over two seconds says so.

**Secrets** are in no message, no line of \`--debug\` and no bundle. A certificate that is not good ends the command; \`--insecure\` warns each time,
and so does plain http to another machine, to Keystone or to the network endpoint.`;

function commandsOf(command: Command): Command[] {
  const visible = command.commands.filter((each) => !each.name().startsWith('_'));
  return visible.flatMap((each) => (each.commands.length > 0 ? commandsOf(each as Command) : [each as Command]));
}

function section(command: Command): string {
  const names: string[] = [];
  for (let each: Command | null = command; each !== null; each = each.parent as Command | null)
    names.unshift(each.name());
  const given = command.registeredArguments.map((each) => {
    const name = `${each.name()}${each.variadic ? '...' : ''}`;
    return each.required ? `<${name}>` : `[${name}]`;
  });
  const about = command.registeredArguments
    .filter(({ description }) => description !== '')
    .map((each) => `\n\n\`${each.name()}\`: ${each.description}.`);
  const rows = command.options.length === 0 ? '' : `\n\n${options(command)}`;
  return `## ${[...names, ...given].join(' ')}\n\n${sentence(command.description())}${about.join('')}${rows}`;
}

function options(command: Command): string {
  const shown = command.createHelp().visibleOptions(command);
  const rows = shown.map(({ flags, description, argChoices, defaultValue, mandatory }) => {
    const more = [
      ...(argChoices ? [argChoices.join(', ')] : []),
      ...(defaultValue === undefined ? [] : [`default: ${defaultValue}`]),
      ...(mandatory ? ['required'] : []),
    ];
    return row(`\`${flags}\``, `${description}${more.length === 0 ? '' : ` (${more.join('; ')})`}`);
  });
  return [row('option', 'what it does'), row('---', '---'), ...rows].join('\n');
}

const trace = `## Packets of \`taas trace\`

\`--packet\` is \`${packetGrammar}\`.
One port is the destination's. What is not said of the packet is not guessed: a rule that depends on it says \`depends\`. The direction is
known where Neutron tells the addresses of the source port. Rules are read as [decision 11](../decisions/0011-filters.md) says.`;

function doctor(): string {
  const rows = checks.map(({ id, title }) => row(`\`${id}\``, title));
  return `## Checks of \`taas doctor\`

An id is never renamed and never given to another check. A check that cannot decide says \`unknown\`, never \`ok\`. Up to \`TAAS-D027\` they need the API
alone; \`TAAS-D1..\` are asked of each \`--server-health\`, \`TAAS-D2..\` of each \`--agent-health\`, \`TAAS-D3..\` of both, \`TAAS-D4..\` of each \`--etcd\`;
\`TAAS-D5..\` are of nodes: a server tells them of all, as far as their agents do in their records in etcd, and an agent of its own. A check that has
nobody to ask about is left out.

${[row('check', 'what is so if all is well'), row('---', '---'), ...rows].join('\n')}

\`TAAS-D010\` says of every [status code](status-codes.md) what mends it, \`TAAS-D011\` of those beside ACTIVE. These checks find the cause; of a code that is
not here the reason says all that anybody knows.

${[row('status code', 'checks'), row('---', '---'), ...causeRows()].join('\n')}`;
}

function causeRows(): string[] {
  return Object.entries(causes).flatMap(([code, ids]) =>
    ids.length === 0 ? [] : [row(`\`${code}\``, ids.map((id) => `\`${id}\``).join(', '))],
  );
}

function codes(): string {
  const rows = Object.values(exitCodes).map(({ code, means }) => row(String(code), means));
  return `## Exit codes\n\n${[row('code', 'what it means'), row('---', '---'), ...rows].join('\n')}`;
}

const sentence = (text: string) => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
const row = (...cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
