/** What of a tap or a capture says who agrees to it. */
export interface Consented {
  readonly consent: string;
  readonly requested_by: readonly string[];
  readonly agreed_by: string | null;
}

export const consentWords: Readonly<Record<string, string>> = {
  not_needed: 'not needed',
  waiting: 'waited for',
  given: 'given',
};

/** Who has asked, and who is waited for or has agreed; for whoever reads it. @param me the reader's own id */
export function consentText({ consent, requested_by: askers, agreed_by: agreed }: Consented, me: string): string {
  const who = (id: string) => (id === me ? 'you' : `user ${id}`);
  const asked = askers.length === 0 ? '' : `Asked for by ${askers.map(who).join(', ')}. `;
  if (consent === 'waiting')
    return `${asked}Waits for somebody else to agree: by default a member of the port’s project. Nothing is copied until then.`;
  if (consent === 'given') return `${asked}Agreed to by ${agreed === null ? 'somebody' : who(agreed)}.`;
  return 'Nobody has to agree.';
}

/** Whether somebody is worth asking: the policy lets them agree, and they have not asked for it themselves. The server decides. */
export const canAgree = ({ consent, requested_by: askers }: Consented, me: string, may: boolean): boolean =>
  consent === 'waiting' && may && !askers.includes(me);
