import { type Command, Option } from 'commander';
import { append } from './option-values.js';
import type { Running } from './running.js';

export function addBundle(program: Command, { context }: Running): void {
  operatorOptions(
    program
      .command('bundle')
      .description('gather everything for a bug report in one file, secrets left out')
      .option('--output <file>', 'where to; default: taas-bundle-TIME.tar.gz here'),
  ).action(async (options, command: Command) => {
    const { bundle } = await import('../commands/bundle.js');
    await bundle(await context(command), options);
  });
}

export function addDoctor(program: Command, { context, onAnswer }: Running): void {
  operatorOptions(
    program
      .command('doctor')
      .description('find what keeps taps from being ACTIVE and complete, and say what mends it; changes nothing')
      .argument('[name-or-id]', 'one tap, with what it depends on; default: all that the caller may see')
      .option('--node <name>', 'taps whose reason names this node'),
  )
    .addOption(new Option('--report <format>', 'how it is written; default: text').choices(['text', 'json', 'junit']))
    .action(async (name: string | undefined, options, command: Command) => {
      const { doctor } = await import('../commands/doctor.js');
      onAnswer(await doctor(await context(command), name, options));
    });
}

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
