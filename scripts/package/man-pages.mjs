// The pages of the manual, made from what the programs say of themselves.
import { agentConfigSchema, agentProgram } from '@taas/agent';
import { migrateProgram, serverConfigSchema, serverProgram } from '@taas/server';
import { optionsOf } from '@taas/service';
import { exitCodes } from '../../packages/cli/dist/exit-codes.js';
import { createProgram } from '../../packages/cli/dist/program.js';
import { entry, manPage, paragraph, plain } from './roff.mjs';

/** @param {{epoch: number, version: string}} made */
export const serverPage = (made) =>
  programPage(made, serverProgram, serverConfigSchema, 'server of Tap-as-a-Service for networking-vpp');

/** @param {{epoch: number, version: string}} made */
export function migratePage(made) {
  const { name, help } = migrateProgram;
  const { synopsis, about, flags, after } = partsOf(help);
  return manPage({ name, section: 8, summary: "taps out of those of networking-vpp's own TaaS", ...made }, [
    ['SYNOPSIS', synopsis],
    ['DESCRIPTION', [...about, ...after].map((text) => paragraph(text.replaceAll('\n', ' '))).join('\n')],
    ['OPTIONS', flags],
    ['SEE ALSO', '.BR taas\\-server (8)'],
  ]);
}

/** @param {{epoch: number, version: string}} made */
export const agentPage = (made) =>
  programPage(made, agentProgram, agentConfigSchema, 'agent of Tap-as-a-Service for networking-vpp, on each node');

function programPage(made, { name, help }, schema, summary) {
  const { synopsis, about, flags } = partsOf(help);
  const file = `/etc/taas/${name}.yaml`;
  return manPage({ name, section: 8, summary, ...made }, [
    ['SYNOPSIS', synopsis],
    ['DESCRIPTION', about.map((text) => paragraph(text.replaceAll('\n', ' '))).join('\n')],
    ['OPTIONS', flags],
    [
      'CONFIGURATION FILE',
      [
        paragraph(
          'YAML. An unknown option, or a value of the wrong type or out of range, ends the program at its start. Passwords and keys are in files of their own: of mode 0600, and of the user taas.',
        ),
        ...optionsOf(schema).map(({ path, constraints, description }) =>
          entry(path, `(${constraints}) ${description}`),
        ),
      ].join('\n'),
    ],
    [
      'SIGNALS',
      [
        entry('SIGTERM, SIGINT', 'end the program; a second one at once. Taps go on.'),
        entry('SIGHUP', 'looks at all files at once, and logs what it has found; systemctl reload sends it.'),
      ].join('\n'),
    ],
    [
      'EXIT STATUS',
      exitStatus([
        ['0', 'it was told to end'],
        ['1', 'it failed'],
        ['2', 'the command line or the configuration is wrong'],
      ]),
    ],
    [
      'FILES',
      [
        entry(file, 'the configuration of the packaged service'),
        entry(`/usr/share/doc/${name}/`, 'licences, changes, and the list of what is in the package'),
      ].join('\n'),
    ],
    [
      'SEE ALSO',
      name === 'taas-server' ? '.BR taas\\-agent (8),\n.BR taas (1)' : '.BR taas\\-server (8),\n.BR taas (1)',
    ],
  ]);
}

/** What a program's `--help` says, in roff: its options are a block of lines that begin with `  --`. */
function partsOf(help) {
  const [synopsis, ...rest] = help.trim().split('\n\n');
  const at = rest.findIndex((block) => block.startsWith('  --'));
  const flags = rest[at].split(/\n(?= {2}--)/).map((line) => /^ {2}(--.*?) {2,}(.*)$/s.exec(line));
  return {
    synopsis: `\\fB${plain(synopsis)}\\fR`,
    about: rest.slice(0, at),
    flags: flags.map(([, flag, means]) => entry(flag, means.replace(/\n\s+/g, ' '))).join('\n'),
    after: rest.slice(at + 1),
  };
}

/** @param {{epoch: number, version: string}} made */
export function commandPage(made) {
  const program = createProgram({}, { version: made.version });
  const commands = commandsOf(program).map((command) => [
    `.SS "${plain(usage(command))}"`,
    paragraph(sentence(command)),
    options(command),
  ]);
  const codes = Object.values(exitCodes).map(({ code, means }) => [String(code), means.replaceAll('`', '')]);
  return manPage(
    { name: 'taas', section: 1, summary: 'copies of the traffic of ports, for tenants and operators', ...made },
    [
      ['SYNOPSIS', '.B taas\n[\\fIoptions\\fR] \\fIcommand\\fR [\\fIarguments\\fR]'],
      [
        'DESCRIPTION',
        paragraph(
          'The command of Tap-as-a-Service for networking-vpp. It finds the cloud and the credentials where openstack(1) does: in clouds.yaml, or in the variables OS_*.',
        ),
      ],
      ['OPTIONS', options(program)],
      [
        'COMMANDS',
        commands
          .flat()
          .filter((text) => text !== '')
          .join('\n'),
      ],
      ['EXIT STATUS', exitStatus(codes)],
      [
        'FILES',
        entry(
          '~/.config/openstack/clouds.yaml, /etc/openstack/clouds.yaml',
          'clouds and credentials; secure.yaml is laid over it',
        ),
      ],
      ['SEE ALSO', '.BR taas\\-server (8),\n.BR taas\\-agent (8)'],
    ],
  );
}

function commandsOf(command) {
  const visible = command.commands.filter((each) => !each.name().startsWith('_'));
  return visible.flatMap((each) => (each.commands.length > 0 ? commandsOf(each) : [each]));
}

function usage(command) {
  const names = [];
  for (let each = command; each !== null; each = each.parent) names.unshift(each.name());
  const given = command.registeredArguments.map((each) => (each.required ? `<${each.name()}>` : `[${each.name()}]`));
  return [...names, ...given].join(' ');
}

function sentence(command) {
  const text = command.description();
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

function options(command) {
  const shown = command.createHelp().visibleOptions(command);
  return shown
    .map(({ flags, description, argChoices, defaultValue, mandatory }) => {
      const more = [
        ...(argChoices ?? []),
        ...(defaultValue === undefined ? [] : [`default: ${defaultValue}`]),
        ...(mandatory ? ['required'] : []),
      ];
      return entry(flags, `${description}${more.length === 0 ? '' : ` (${more.join(', ')})`}`);
    })
    .join('\n');
}

const exitStatus = (codes) => codes.map(([code, means]) => entry(code, means)).join('\n');
