import { type Command, Option } from 'commander';
import { append, whole } from './option-values.js';
import type { Running } from './running.js';

/** Captures, from here and from Wireshark. */
export function addCaptures(program: Command, { context }: Running): void {
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
    .option('--verify', "say at the end what is missing by TCP's acknowledgements: an estimate, of both directions")
    .option('--description <text>', 'what about; it stands in the file')
    .option('--reason <text>', 'why; it stands in the file, too')
    .option('--project <id>', 'its project; for administrators')
    .action(async (ports: string[], options, command: Command) => {
      const { capture } = await import('../commands/capture.js');
      await capture(await context(command), ports, options);
    });

  const extcap = program.command('extcap').description("captures from Wireshark's own list of interfaces");
  extcap
    .command('install')
    .description('put the cloud into the list, with the ports that there are now; again, to read them anew')
    .option('--folder <path>', "Wireshark's personal extcap folder; default: ~/.config/wireshark/extcap")
    .option('--program <path>', 'this command, if it is not on the PATH')
    .action(async (options, command: Command) => {
      const { installExtcap } = await import('../commands/extcap.js');
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
      const { captureForExtcap } = await import('../commands/extcap.js');
      await captureForExtcap(await context(command), options);
    });
}
