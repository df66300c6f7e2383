const words: ReadonlyMap<string, string> = new Map(
  Object.entries({
    login_refused: 'Keystone does not accept this log-in.',
    no_project: 'You have no role in any project.',
    not_from_here: 'That log-in was not begun here, or was begun too long ago: begin it again.',
    too_many_logins: 'Too many log-ins: try again later.',
    too_many_sessions: 'Too many people are logged in: try again later.',
    unavailable: 'Keystone does not answer at the moment: try again.',
  }),
);

/** Why a single sign-on has not worked, as the address says by a word of ours: whoever wrote the address writes nothing on the page. */
export function ssoWords(search: string): string {
  const code = new URLSearchParams(search).get('sso');
  return code === null ? '' : (words.get(code) ?? 'The log-in has not worked: begin it again.');
}
