import type { MirrorType } from '@taas/model';
import { Command, InvalidArgumentError, Option } from 'commander';
import { type Kind, kindNames } from './api/kinds.js';
import type { Context, GlobalOptions } from './commands/context.js';
import { listedFlowOptions } from './commands/flow-options.js';
import type { Host } from './host/host.js';
import { formats } from './output/format-names.js';

/** What a command may be run with besides the machine: what a test sees of it. */
export interface ProgramOptions {
  /** Told of the context as soon as it is made, so that its secrets can be kept out of messages. */
  readonly onContext?: (context: Context) => void;
  /** Told the exit code of a command that has an answer of its own, such as `doctor`. */
  readonly onAnswer?: (code: number) => void;
  readonly version: string;
}

const kindOption = () => new Option('--kind <kind>', 'look among these alone').choices(kindNames);
const waitOption = () =>
  new Option('--wait [seconds]', 'return when the data plane has it, and say how long it took')
    .argParser(seconds)
    .preset('60');
// Not from the model itself, which `--help` need not load.
const mirrorTypes = { gre: true, erspanv1: true } as const satisfies Readonly<Record<MirrorType, true>>;
const plural = { services: 'service', flows: 'flow', mirrors: 'mirror' } as const satisfies Record<string, Kind>;

/**
 * The command line: what there is, and which file does it. A command's own file is loaded when it is run, so that `--help`
 * and completion load nothing else.
 */
export function createProgram(host: Host, { onContext, onAnswer, version }: ProgramOptions): Command {
  const program = new Command('taas')
    .description('Tap-as-a-Service: copies of the traffic of ports, for tenants and operators')
    .version(version, '-V, --version', 'say the version')
    .helpOption('-h, --help', 'say what there is')
    .helpCommand('help [command]', 'say what a command does')
    .option('--os-cloud <name>', 'the cloud of clouds.yaml; OS_CLOUD')
    .option('--os-region-name <name>', 'the region; OS_REGION_NAME')
    .option('--os-interface <name>', 'which endpoint of the catalogue: public, internal or admin; OS_INTERFACE')
    .option('--insecure', 'do not check certificates, and warn of it; OS_INSECURE')
    .option('--debug', 'say on stderr each request that is sent')
    .addOption(new Option('--timeout <seconds>', 'how long one request may take').argParser(seconds).default(60))
    .addOption(new Option('-f, --format <format>', 'how the answer is written').choices(formats).default('table'));

  const context = async (command: Command): Promise<Context> => {
    const { createContext } = await import('./commands/context.js');
    const made = createContext(host, command.optsWithGlobals<GlobalOptions>());
    onContext?.(made);
    return made;
  };

  program
    .command('list')
    .description('list taps')
    .argument('[kind]', 'services, flows or mirrors; default: all', oneOf(Object.keys(plural)))
    .option('--name <name>', 'those with exactly this name')
    .option('--status <status>', 'those with this status')
    .option('--project <id>', 'those of this project; for administrators')
    .action(async (kind: keyof typeof plural | undefined, options, command: Command) => {
      const { list } = await import('./commands/list.js');
      await list(await context(command), kind && plural[kind], options);
    });

  program
    .command('show')
    .description('show everything about a tap')
    .argument('<name-or-id>')
    .addOption(kindOption())
    .action(async (name: string, options, command: Command) => {
      const { show } = await import('./commands/show.js');
      await show(await context(command), name, options);
    });

  const create = program.command('create').description('create a tap service, tap flow or tap mirror');
  newService(create, 'create')
    .addOption(waitOption())
    .action(async (options, command: Command) => {
      const { createService } = await import('./commands/create.js');
      await createService(await context(command), options);
    });
  newFlow(create, 'create')
    .addOption(waitOption())
    .action(async (options, command: Command) => {
      const { createFlow } = await import('./commands/create.js');
      await createFlow(await context(command), options);
    });
  newMirror(create, 'create')
    .addOption(waitOption())
    .action(async (options, command: Command) => {
      const { createMirror } = await import('./commands/create.js');
      await createMirror(await context(command), options);
    });

  program
    .command('delete')
    .description('delete taps; a tap service takes its tap flows along')
    .argument('<name-or-id...>')
    .addOption(kindOption())
    .option('-y, --yes', 'do not ask')
    .addOption(waitOption())
    .action(async (names: string[], options, command: Command) => {
      const { remove } = await import('./commands/delete.js');
      await remove(await context(command), names, options);
    });

  program
    .command('renew')
    .description('let taps end at another time')
    .argument('<name-or-id...>')
    .requiredOption('--expires <end>', '90m, 2h, 30d, a time such as 2026-12-01T08:00:00Z, or never')
    .option('--reason <text>', 'why they are there')
    .addOption(kindOption())
    .action(async (names: string[], options, command: Command) => {
      const { renew } = await import('./commands/consent.js');
      await renew(await context(command), names, options);
    });

  program
    .command('approve')
    .description('agree to a tap flow or tap mirror that somebody else has asked for')
    .argument('<name-or-id>')
    .option('--capture', 'to a capture, by its id')
    .option('--consent-to <code>', 'if it is still what had this consent_to; default: show it, and ask')
    .addOption(kindOption())
    .action(async (name: string, options, command: Command) => {
      const { approve } = await import('./commands/consent.js');
      await approve(await context(command), name, options);
    });

  program
    .command('tapped')
    .description("list who copies the project's ports, why and until when")
    .argument('[port]', 'name or id of one of them; default: all')
    .action(async (port: string | undefined, _options, command: Command) => {
      const { tapped } = await import('./commands/consent.js');
      await tapped(await context(command), port);
    });

  const plan = program.command('plan').description('say what a change would do, and change nothing');
  const planned = plan.command('create').description('say what creating a tap would do');
  const noRate = () => new Option('--no-rate', 'do not look how much the source sends now');
  newService(planned, 'plan to create').action(async (options, command: Command) => {
    const { planService } = await import('./commands/plan.js');
    onAnswer?.(await planService(await context(command), options));
  });
  newFlow(planned, 'plan to create')
    .addOption(noRate())
    .action(async (options, command: Command) => {
      const { planFlow } = await import('./commands/plan.js');
      onAnswer?.(await planFlow(await context(command), options));
    });
  newMirror(planned, 'plan to create')
    .addOption(noRate())
    .action(async (options, command: Command) => {
      const { planMirror } = await import('./commands/plan.js');
      onAnswer?.(await planMirror(await context(command), options));
    });
  plan
    .command('delete')
    .description('say what deleting taps would do; a tap service takes its tap flows along')
    .argument('<name-or-id...>')
    .addOption(kindOption())
    .action(async (names: string[], options, command: Command) => {
      const { planDelete } = await import('./commands/plan.js');
      onAnswer?.(await planDelete(await context(command), names, options));
    });

  program
    .command('stats')
    .description('show what has been counted of a tap: copied, lost, delivered')
    .argument('<name-or-id>')
    .addOption(kindOption())
    .addOption(new Option('--watch [seconds]', 'look again and again, and show rates').argParser(seconds).preset('5'))
    .addOption(new Option('--count <number>', 'with --watch: look so often').argParser(seconds))
    .action(async (name: string, options, command: Command) => {
      const { stats } = await import('./commands/stats.js');
      await stats(await context(command), name, options);
    });

  program
    .command('report')
    .description('say how complete taps were over a period, as far as that can be told')
    .argument('[name-or-id]', 'one tap; default: all that the caller may see')
    .addOption(kindOption())
    .addOption(new Option('--since <time>', 'when the period begins: 12h, 30d, 4w ago, or a time').default('30d'))
    .option('--baseline <file>', 'an earlier report in JSON: figures are what came since')
    .option('--project <id>', 'taps of this project; for administrators')
    .option('--csv', 'write CSV, with a column for each figure')
    .action(async (name: string | undefined, options, command: Command) => {
      const { report } = await import('./commands/report.js');
      await report(await context(command), name, options);
    });

  program
    .command('capture')
    .description('read the frames of ports as they come, as pcapng: to a file, or | wireshark -k -i -')
    .argument('[port...]', 'names or ids of the ports that are captured')
    .option('--flow <name-or-id>', 'instead of ports: what this tap flow copies')
    .option('-w, --write <file>', 'where to; - is standard output, the default unless it is a terminal')
    .option(
      '-b, --ring <what>',
      'one file after another, as dumpcap: filesize:KB, duration:SECONDS or packets:NUMBER each, files:NUMBER are kept; repeated',
      append,
    )
    .addOption(
      new Option('--direction <direction>', 'in is towards the VM, out is from it; default: both').choices([
        ...['in', 'out', 'both', 'IN', 'OUT', 'BOTH'],
      ]),
    )
    .option('--filter <rule>', 'a rule such as accept,protocol=udp,destination_port=53; repeated, in order', append)
    .option('--filter-file <file>', 'filter_rules in JSON or YAML')
    .option('--bpf <expression>', "what is kept of that, in tcpdump's language, without names")
    .addOption(new Option('--seconds <number>', 'end after so long; default: 60, at most 3600').argParser(whole))
    .addOption(new Option('--packets <number>', 'end with so many packets').argParser(whole))
    .addOption(new Option('--bytes <number>', 'end before the file is larger').argParser(whole))
    .addOption(new Option('--snaplen <bytes>', 'keep so much of each frame; default: all').argParser(whole))
    .option('--description <text>', 'what about; it stands in the file')
    .option('--reason <text>', 'why; it stands in the file, too')
    .option('--project <id>', 'its project; for administrators')
    .action(async (ports: string[], options, command: Command) => {
      const { capture } = await import('./commands/capture.js');
      await capture(await context(command), ports, options);
    });

  const extcap = program.command('extcap').description("captures from Wireshark's own list of interfaces");
  extcap
    .command('install')
    .description('put the cloud into the list, with the ports that there are now; again, to read them anew')
    .option('--folder <path>', "Wireshark's personal extcap folder; default: ~/.config/wireshark/extcap")
    .option('--program <path>', 'this command, if it is not on the PATH')
    .action(async (options, command: Command) => {
      const { installExtcap } = await import('./commands/extcap.js');
      await installExtcap(await context(command), options);
    });
  extcap
    .command('capture', { hidden: true })
    .option('--capture')
    .option('--extcap-interface <name>')
    .option('--extcap-version <version>')
    .option('--extcap-capture-filter <expression>')
    .requiredOption('--fifo <path>')
    .requiredOption('--port <id>')
    .option('--direction <direction>')
    .option('--bpf <expression>')
    .option('--reason <text>')
    .addOption(new Option('--seconds <number>').argParser(whole))
    .action(async (options, command: Command) => {
      const { captureForExtcap } = await import('./commands/extcap.js');
      await captureForExtcap(await context(command), options);
    });

  program
    .command('trace')
    .description('say where a packet of the source port would go, and what decides')
    .argument('<name-or-id>', 'a tap; of a tap service each of its tap flows')
    .addOption(kindOption())
    .option('--packet <packet>', "such as 'ip 10.0.0.1 > 10.0.0.2 tcp 443'")
    .addOption(new Option('--live [seconds]', 'count meanwhile what passes each stage').argParser(seconds).preset('10'))
    .action(async (name: string, options, command: Command) => {
      const { trace } = await import('./commands/trace.js');
      await trace(await context(command), name, options);
    });

  operatorOptions(
    program
      .command('bundle')
      .description('gather everything for a bug report in one file, secrets left out')
      .option('--output <file>', 'where to; default: taas-bundle-TIME.tar.gz here'),
  ).action(async (options, command: Command) => {
    const { bundle } = await import('./commands/bundle.js');
    await bundle(await context(command), options);
  });

  program
    .command('completion')
    .description('write what makes a shell complete the command; its first lines say how it is installed')
    .argument('<shell>', 'bash, zsh or fish', oneOf(['bash', 'zsh', 'fish']))
    .action(async (shell: 'bash' | 'zsh' | 'fish') => {
      const { completionScript } = await import('./completion/scripts.js');
      host.terminal.out(completionScript(shell));
    });
  program
    .command('__complete', { hidden: true })
    .argument('[words...]')
    .allowUnknownOption()
    .allowExcessArguments()
    .helpOption(false)
    .action(async (words: string[]) => {
      const { candidates } = await import('./completion/candidates.js');
      host.terminal.out(
        candidates(program, words)
          .map((each) => `${each}\n`)
          .join(''),
      );
    });

  operatorOptions(
    program
      .command('doctor')
      .description('find what keeps taps from being ACTIVE and complete, and say what mends it; changes nothing')
      .argument('[name-or-id]', 'one tap, with what it depends on; default: all that the caller may see')
      .option('--node <name>', 'taps whose reason names this node'),
  )
    .addOption(new Option('--report <format>', 'how it is written; default: text').choices(['text', 'json', 'junit']))
    .action(async (name: string | undefined, options, command: Command) => {
      const { doctor } = await import('./commands/doctor.js');
      onAnswer?.(await doctor(await context(command), name, options));
    });

  return program;
}

function newTap(parent: Command, verb: string, kind: Kind, what: string, port: string): Command {
  return parent
    .command(kind)
    .description(`${verb} a tap ${kind}: ${what}`)
    .requiredOption('--port <name-or-id>', port)
    .option('--name <name>', 'its name')
    .option('--description <text>', 'its description')
    .option('--reason <text>', 'why it is there')
    .option('--expires <end>', 'when it ends by itself: 90m, 2h, 30d, a time such as 2026-12-01T08:00:00Z, or never')
    .option('--project <id>', 'its project; for administrators');
}

const newService = (parent: Command, verb: string) =>
  newTap(parent, verb, 'service', 'a port that receives copies', 'the port that receives copies').option(
    '--receipts',
    'tell the port once a second how many copies it should have been given',
  );

function newFlow(parent: Command, verb: string): Command {
  const flow = newTap(parent, verb, 'flow', 'a port that is copied to a tap service', 'the port that is copied')
    .requiredOption('--service <name-or-id>', 'the tap service that receives the copies')
    .addOption(
      new Option('--direction <direction>', 'in is towards the VM, out is from it')
        .choices(['in', 'out', 'both', 'IN', 'OUT', 'BOTH'])
        .makeOptionMandatory(),
    )
    .option('--vlan-filter <ids>', 'VLAN ids and ranges by comma')
    .option('--filter <rule>', 'a rule such as accept,protocol=udp,destination_port=53; repeated, in order', append)
    .option('--filter-file <file>', 'filter_rules in JSON or YAML');
  for (const { flag, about, choices } of listedFlowOptions) {
    const option = new Option(flag, about);
    flow.addOption(choices ? option.choices(choices) : option);
  }
  return flow;
}

const newMirror = (parent: Command, verb: string) =>
  newTap(parent, verb, 'mirror', 'a port that is copied to an address outside', 'the port that is copied')
    .requiredOption('--remote-ip <address>', 'where the copies are sent')
    .addOption(new Option('--type <type>', 'how they travel').choices(Object.keys(mirrorTypes)).makeOptionMandatory())
    .option('--in <id>', 'the tunnel id of what the VM receives')
    .option('--out <id>', 'the tunnel id of what the VM sends')
    .option('--both <id>', 'the tunnel id of both');

/** Who is asked besides the API; for operators. */
function operatorOptions(command: Command): Command {
  return command
    .option('--server-health <url>', 'the health port of a server; repeated', append)
    .option('--agent-health <url>', 'the health port of an agent; repeated', append)
    .option('--etcd <url>', 'a member of etcd; repeated', append)
    .option('--etcd-cacert <file>', "who signs etcd's certificates")
    .option('--etcd-cert <file>', 'our certificate for etcd')
    .option('--etcd-key <file>', 'its key');
}

function seconds(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value <= 0) throw new InvalidArgumentError('It is a number of seconds above 0.');
  return value;
}

function whole(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError('It is a whole number above 0.');
  return value;
}

const append = (text: string, before: readonly string[] = []): readonly string[] => [...before, text];

const oneOf =
  (names: readonly string[]) =>
  (text: string): string => {
    if (!names.includes(text)) throw new InvalidArgumentError(`It is one of ${names.join(', ')}.`);
    return text;
  };
