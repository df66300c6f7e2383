import type { Argument, Command, Option } from 'commander';

/** What an argument that is no option may be, where that is known. */
const words: Readonly<Record<string, readonly string[]>> = {
  'list kind': ['services', 'flows', 'mirrors'],
  'completion shell': ['bash', 'zsh', 'fish'],
};

/**
 * What may stand for the last word.
 * @param typed the words behind the program's name; the last one is what is being typed, perhaps empty
 */
export function candidates(program: Command, typed: readonly string[]): string[] {
  const current = typed.at(-1) ?? '';
  let command = program;
  let taken = 0;
  let awaiting: Option | undefined;
  for (const word of typed.slice(0, -1)) {
    if (awaiting !== undefined) {
      awaiting = undefined;
    } else if (word.startsWith('-')) {
      const option = optionsOf(command).find(({ short, long }) => word === short || word === long);
      if (option?.required === true) awaiting = option;
    } else {
      const inner = taken === 0 ? command.commands.find((each) => each.name() === word) : undefined;
      if (inner === undefined) taken += 1;
      else command = inner;
    }
  }
  const fitting = (all: readonly string[]) => [...new Set(all)].filter((each) => each.startsWith(current));
  if (awaiting !== undefined) return fitting(awaiting.argChoices ?? []);
  const [, named, value] = /^(--[\w-]+)=(.*)$/.exec(current) ?? [];
  if (named !== undefined && value !== undefined) {
    const choices = optionsOf(command).find(({ long }) => long === named)?.argChoices ?? [];
    return choices.map((each) => `${named}=${each}`).filter((each) => each.startsWith(current));
  }
  if (current.startsWith('-'))
    return fitting(optionsOf(command).flatMap(({ long, hidden }) => (long && !hidden ? [long] : [])));
  const inner =
    taken === 0 ? command.commands.filter((each) => !each.name().startsWith('_')).map((each) => each.name()) : [];
  return fitting([...inner, ...argumentWords(command, command.registeredArguments[taken])]);
}

function argumentWords(command: Command, argument: Argument | undefined): readonly string[] {
  return argument === undefined ? [] : (words[`${command.name()} ${argument.name()}`] ?? []);
}

/** Those of the program may stand behind any command. */
function optionsOf(command: Command): readonly Option[] {
  const own = command.createHelp().visibleOptions(command);
  return command.parent === null ? own : [...own, ...optionsOf(command.parent)];
}
