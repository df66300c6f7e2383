import { group, isInTheClear, options } from '@taas/service';
import Type, { type Static } from 'typebox';

/** The page at `/dashboard/`. */
export const dashboardOptions = group(
  {
    enabled: Type.Boolean({
      default: true,
      description: 'Serve the dashboard at /dashboard/ of the API. It is there in auth.mode keystone alone.',
    }),
    idle_minutes: Type.Integer({
      default: 60,
      minimum: 1,
      maximum: 1440,
      description:
        'How long a log-in lasts without anything that a person does, in minutes; never longer than its Keystone token.',
    }),
    most_sessions: Type.Integer({
      default: 2000,
      minimum: 1,
      maximum: 100_000,
      description: 'Log-ins that this server keeps at a time, in its memory; 16 of one user.',
    }),
    websso: group(
      {
        keystone_url: Type.String({
          default: '',
          description:
            "Keystone's API as browsers reach it, such as https://keystone.example.com:5000/v3; the page from which tokens come has to be of " +
            'the same host and port.',
        }),
        origin: Type.String({
          default: '',
          description:
            "This server's page that Keystone sends people back to, https://<this server>/dashboard/websso, letter by letter as " +
            "`trusted_dashboard` of Keystone's configuration has it.",
        }),
        choices: Type.Array(
          options({
            label: Type.String({ minLength: 1, maxLength: 100, description: 'What stands on the button.' }),
            protocol: Type.String({
              minLength: 1,
              maxLength: 64,
              description: "Of Keystone's federation, such as openid or saml2.",
            }),
            identity_provider: Type.Optional(
              Type.String({
                minLength: 1,
                maxLength: 64,
                description: "The identity provider's id in Keystone; without it Keystone finds out which.",
              }),
            ),
          }),
          { default: [], maxItems: 16, description: 'The ways to log in. Without any there is no single sign-on.' },
        ),
      },
      'Single sign-on by Keystone (WebSSO).',
    ),
  },
  'The dashboard: a page in which taps and captures are looked at and made.',
);

export type DashboardConfig = Static<typeof dashboardOptions>;

/** What a schema cannot say of them. */
export function dashboardProblems({ websso }: DashboardConfig): string[] {
  if (websso.choices.length === 0) return [];
  const at = 'option "dashboard.websso';
  const found: string[] = [];
  if (originOf(websso.keystone_url) === null || /[?#]/.test(websso.keystone_url))
    found.push(`${at}.keystone_url": "${websso.keystone_url}" is no http or https URL of an API`);
  const origin = originOf(websso.origin);
  // Keystone takes what is encoded in it apart once more, and compares the rest letter by letter.
  if (origin === null || websso.origin !== `${origin}/dashboard/websso`)
    found.push(`${at}.origin": "${websso.origin}" is no URL such as https://taas.example.com:9696/dashboard/websso`);
  for (const [name, url] of [
    ['keystone_url', websso.keystone_url],
    ['origin', websso.origin],
  ] as const)
    if (originOf(url) !== null && isInTheClear(url))
      found.push(`${at}.${name}": tokens would come by ${url} in the clear; use https`);
  return found;
}

function originOf(text: string): string | null {
  try {
    const { protocol, origin, username } = new URL(text);
    return (protocol === 'https:' || protocol === 'http:') && username === '' ? origin : null;
  } catch {
    return null; // Said by whoever asks.
  }
}
