import { group } from '@taas/service';
import Type, { type Static } from 'typebox';
import type { TapTerms } from './tap-terms.js';

const duration = (description: string) => Type.Integer({ default: 0, minimum: 0, maximum: 315_360_000, description });

/** How long taps may be, why they are there, and who has to agree. */
export const termOptions = group(
  {
    default_ttl_s: duration(
      'How long a tap service, tap flow or tap mirror is there of which expires_at is not given, in seconds; 0: as long as max_ttl_s lets it.',
    ),
    max_ttl_s: duration(
      'How far expires_at may be ahead when it is set or renewed, in seconds; then no new tap is for ever. 0: no limit.',
    ),
    warn_before_s: Type.Integer({
      default: 3600,
      minimum: 0,
      maximum: 31_536_000,
      description:
        'How long before its end a tap says so (status_code expires_soon, the audit trail, a metric), in seconds.',
    }),
    reason_required: Type.Boolean({
      default: false,
      description: 'Refuse taps and captures (400) that say in neither reason nor description why they are there.',
    }),
    consent: Type.Enum(['none', 'others', 'always'], {
      default: 'none',
      description:
        'Who needs the consent of a second person to tap a port; until then nothing is copied. others: whoever taps ports of a project that ' +
        'is not that of the token, such as an administrator. always: everybody. Who may agree says the policy (approve_tap_flow). To be ' +
        'set when all servers know it.',
    }),
  },
  'How long taps may be, why they are there, and who has to agree.',
);

export type TermConfig = Static<typeof termOptions>;

/** What a schema cannot say of them. */
export function termProblems({ default_ttl_s: usual, max_ttl_s: most }: TermConfig): string[] {
  return most > 0 && usual > most ? [`option "taps": default_ttl_s (${usual}) is above max_ttl_s (${most})`] : [];
}

export function tapTerms(config: TermConfig): TapTerms {
  const { default_ttl_s: usual, max_ttl_s: most, reason_required: reasonRequired, consent } = config;
  const ms = (s: number) => (s === 0 ? null : s * 1000);
  return { usualMs: ms(usual), longestMs: ms(most), reasonRequired, consent };
}
