/** What the command's exit code says; a code never gets another meaning. */
export const exitCodes = {
  done: { code: 0, means: 'Done. Of `doctor`: nothing is wrong. Of `plan`: nothing would change.' },
  failed: { code: 1, means: 'Something went wrong that has no code of its own. Of `doctor`: something is wrong.' },
  unknown: {
    code: 2,
    means:
      'Of `doctor`: nothing wrong was found, and at least one check could not decide. Of `plan`: something would change.',
  },
  not_found: { code: 3, means: 'Nothing has this name or id, or the caller may not see it.' },
  ambiguous: { code: 4, means: 'Several have this name; the message lists them.' },
  unauthenticated: { code: 5, means: 'There are no credentials, or Keystone or the API does not take them.' },
  unreachable: { code: 6, means: 'Keystone or the API does not answer, or not as such a service does.' },
  not_in_time: { code: 7, means: 'What `--wait` waits for has not come in time, or cannot come.' },
  refused: { code: 8, means: 'The API refuses the request; the message is its own.' },
  usage: { code: 64, means: 'The command line, or a file that it names, is wrong.' },
  interrupted: { code: 130, means: 'Interrupted by the user.' },
} as const;

export type Outcome = keyof typeof exitCodes;

/** What ends a command: a sentence for the user, and the exit code. It never holds a secret. */
export class CliError extends Error {
  override readonly name = 'CliError';

  constructor(
    readonly outcome: Outcome,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
