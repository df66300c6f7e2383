import { Command, Option } from 'commander';
import type { Context, GlobalOptions } from './commands/context.js';
import type { Host } from './host/host.js';
import { formats } from './output/format-names.js';
import { addCaptures } from './program/capture-commands.js';
import { addCompletion } from './program/completion-commands.js';
import { addFigures, addTrace } from './program/figure-commands.js';
import { addBundle, addDoctor } from './program/operator-commands.js';
import { seconds } from './program/option-values.js';
import { addPlan } from './program/plan-command.js';
import type { Running } from './program/running.js';
import { addTapCommands } from './program/tap-commands.js';

/** What a command may be run with besides the machine: what a test sees of it. */
export interface ProgramOptions {
  /** Told of the context as soon as it is made, so that its secrets can be kept out of messages. */
  readonly onContext?: (context: Context) => void;
  /** Told the exit code of a command that has an answer of its own, such as `doctor`. */
  readonly onAnswer?: (code: number) => void;
  readonly version: string;
}

/**
 * The command line: what there is, and which file does it. A command's own file is loaded when it is run, so that `--help`
 * and completion load nothing else. They are listed in this order.
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
  const running: Running = { context, onAnswer: (code) => onAnswer?.(code) };
  addTapCommands(program, running);
  addPlan(program, running);
  addFigures(program, running);
  addCaptures(program, running);
  addTrace(program, running);
  addBundle(program, running);
  addCompletion(program, host);
  addDoctor(program, running);
  return program;
}
