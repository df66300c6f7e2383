import type { MirrorType } from '@taas/model';
import { type Command, Option } from 'commander';
import type { Kind } from '../api/kinds.js';
import { listedFlowOptions } from '../commands/flow-options.js';
import { append } from './option-values.js';

// Not from the model itself, which `--help` need not load.
const mirrorTypes = { gre: true, erspanv1: true } as const satisfies Readonly<Record<MirrorType, true>>;

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

export const newService = (parent: Command, verb: string) =>
  newTap(parent, verb, 'service', 'a port that receives copies', 'the port that receives copies').option(
    '--receipts',
    'tell the port once a second how many copies it should have been given',
  );

export function newFlow(parent: Command, verb: string): Command {
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

export const newMirror = (parent: Command, verb: string) =>
  newTap(parent, verb, 'mirror', 'a port that is copied to an address outside', 'the port that is copied')
    .requiredOption('--remote-ip <address>', 'where the copies are sent')
    .addOption(new Option('--type <type>', 'how they travel').choices(Object.keys(mirrorTypes)).makeOptionMandatory())
    .option('--in <id>', 'the tunnel id of what the VM receives')
    .option('--out <id>', 'the tunnel id of what the VM sends')
    .option('--both <id>', 'the tunnel id of both');
