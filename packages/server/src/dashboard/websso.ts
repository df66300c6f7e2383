import type { IncomingHttpHeaders } from 'node:http';
import type { Clock } from '@taas/service';
import { badLogin, notFromHere } from './dashboard-error.js';
import { SsoStates } from './sso-state.js';

/** One way to log in by single sign-on. */
export interface SsoChoice {
  /** On the button. */
  readonly label: string;
  /** Of Keystone's federation, such as openid. */
  readonly protocol: string;
  /** By its id; absent: Keystone finds out which. */
  readonly identity_provider?: string;
}

export interface SsoOptions {
  /** Keystone's API as browsers reach it, such as https://keystone.example.com:5000/v3. */
  readonly keystone_url: string;
  /** This server's page that Keystone sends them back to, as its `trusted_dashboard` has it. */
  readonly origin: string;
  readonly choices: readonly SsoChoice[];
}

/** What a token may look like; what Keystone thinks of it is another question. */
const tokenForm = /^[\x21-\x7e]{1,8192}$/;

/**
 * Single sign-on by Keystone: the browser goes there, and Keystone's page sends a token back to us, from another site. So whoever knows
 * a token could have another person's browser send it, and that person would work in a stranger's project. Hence: the browser has
 * begun it here, lately and once (a cookie), and what sends the token is a page of Keystone's (Origin).
 */
export class WebSso {
  readonly #states: SsoStates;

  constructor(
    private readonly options: SsoOptions,
    clock: Pick<Clock, 'now'>,
  ) {
    this.#states = new SsoStates(clock);
  }

  /** For the page: what stands on the buttons. */
  get labels(): readonly string[] {
    return this.options.choices.map(({ label }) => label);
  }

  /**
   * @param body that names one of {@link labels} by its number
   * @returns where the browser has to go, and the cookie that it takes along @throws DashboardError 400
   */
  begin(body: Buffer): { readonly location: string; readonly cookie: string } {
    const { choices } = this.options;
    const chosen = choices[numberOf(body)];
    if (chosen === undefined) throw badLogin('There is no such way to log in.');
    return { location: ssoUrl(this.options, chosen), cookie: this.#states.begin() };
  }

  /**
   * @param body of the form that Keystone's page sends
   * @returns the token, for no project yet @throws DashboardError 400; 403 for what Keystone has not sent, or nobody has begun here
   */
  tokenOf(headers: IncomingHttpHeaders, body: Buffer): string {
    const { origin } = headers;
    if (origin === undefined || origin !== new URL(this.options.keystone_url).origin) throw notFromHere();
    // A page as a whole, and not in a frame; browsers that are too old to say so do not say it.
    const [mode = 'navigate', dest = 'document'] = [headers['sec-fetch-mode'], headers['sec-fetch-dest']];
    if (mode !== 'navigate' || dest !== 'document') throw notFromHere();
    if (!this.#states.isBegun(headers.cookie)) throw notFromHere();
    if (!/^application\/x-www-form-urlencoded\b/i.test(headers['content-type'] ?? '')) throw badLogin('It is no form.');
    const [token, ...more] = new URLSearchParams(body.toString('latin1')).getAll('token');
    if (token === undefined || more.length > 0 || !tokenForm.test(token)) throw badLogin('The form has no token.');
    return token;
  }
}

/** Keystone's page to begin at (keystone/api/auth.py). `origin` has to be as Keystone's configuration has it, letter by letter. */
export function ssoUrl({ keystone_url: keystone, origin }: SsoOptions, choice: SsoChoice): string {
  const { protocol, identity_provider: provider } = choice;
  const by = encodeURIComponent(protocol);
  const path =
    provider === undefined
      ? `websso/${by}`
      : `identity_providers/${encodeURIComponent(provider)}/protocols/${by}/websso`;
  return `${keystone.replace(/\/+$/, '')}/auth/OS-FEDERATION/${path}?origin=${encodeURIComponent(origin)}`;
}

function numberOf(body: Buffer): number {
  try {
    const parsed: unknown = JSON.parse(body.toString('utf8'));
    const choice = typeof parsed === 'object' && parsed !== null && 'choice' in parsed ? parsed.choice : undefined;
    return typeof choice === 'number' ? choice : -1;
  } catch {
    return -1; // The caller says that there is none.
  }
}
