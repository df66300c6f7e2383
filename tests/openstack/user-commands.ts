import type { CommandResult, OpenStackCli } from './lab/openstack-cli.js';
import type { OpenStackLab } from './lab/openstack-lab.js';
import type { UserName } from './lab/seed.js';

/** `openstack` commands as users of the lab give them: `run('alice', 'tap flow list')`. */
export interface UserCommands {
  /** Any exit code is a result. */
  run(user: UserName, command: string): Promise<CommandResult>;
  /** @throws CommandFailedError unless the exit code is 0 */
  must(user: UserName, command: string): Promise<CommandResult>;
  /** What it prints with `-f json`. @throws CommandFailedError unless the exit code is 0 */
  json<T>(user: UserName, command: string): Promise<T>;
}

/** @param lab asked at each command: it is there only when the tests have begun */
export function userCommands(cli: OpenStackCli, lab: () => OpenStackLab): UserCommands {
  return {
    run: (user, command) => cli.run(lab().environment(user), ...command.split(' ')),
    must: (user, command) => cli.must(lab().environment(user), ...command.split(' ')),
    json: (user, command) => cli.json(lab().environment(user), ...command.split(' ')),
  };
}
