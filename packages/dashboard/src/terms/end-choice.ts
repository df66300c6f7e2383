/** When a tap is to end, as somebody picks it. */
export interface EndChoice {
  /** `usual`: what the operator has configured; `at`: the time below; else so long from now. */
  readonly is: 'usual' | 'never' | 'at' | keyof typeof spans;
  /** As a field for dates and times has it, in the browser's zone. */
  readonly at: string;
}

export const spans = {
  hour: { label: 'an hour', ms: 3_600_000 },
  day: { label: 'a day', ms: 86_400_000 },
  week: { label: 'a week', ms: 7 * 86_400_000 },
  month: { label: '30 days', ms: 30 * 86_400_000 },
} as const;

/** The attribute of a POST or PUT; nothing for what the operator has configured. The server says how far it may be. */
export function endOf(
  { is, at }: EndChoice,
  now: number,
): { readonly expires_at?: string | null } | { readonly missing: string } {
  if (is === 'usual') return {};
  if (is === 'never') return { expires_at: null };
  const end = is === 'at' ? Date.parse(at) : now + spans[is].ms;
  if (Number.isNaN(end)) return { missing: 'Say when it is to end.' };
  if (end <= now) return { missing: 'That time is over already.' };
  return { expires_at: new Date(end).toISOString() };
}
