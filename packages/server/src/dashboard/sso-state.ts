import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Clock } from '@taas/service';

/**
 * Says that a browser has begun a single sign-on here. Keystone's page sends it back to us from another site, so this one cookie may
 * come along from there; it opens nothing by itself. The prefix keeps out what another host or somebody on the way has set.
 */
export const stateCookieName = '__Host-taas-sso';

/** People log in at their identity provider meanwhile, with whatever factors it asks for. */
export const stateMs = 10 * 60_000;

const form = /^(\d{1,15})\.([\w-]{22})\.([\w-]{43})$/;

/** Nothing is kept for whoever begins and never comes back: the cookie is signed with a key that this process alone has. */
export class SsoStates {
  readonly #key: Buffer;

  constructor(
    private readonly clock: Pick<Clock, 'now'>,
    random: (bytes: number) => Buffer = randomBytes,
  ) {
    this.#key = random(32);
  }

  /** For Set-Cookie. */
  begin(): string {
    const said = `${this.clock.now() + stateMs}.${randomBytes(16).toString('base64url')}`;
    return cookie(`${said}.${this.#signature(said)}`, `; Max-Age=${stateMs / 1000}`);
  }

  /** Whether a Cookie header has one of ours that is not over; one alone. */
  isBegun(header: string | undefined): boolean {
    const found = (header ?? '').split(';').flatMap((pair) => {
      const [name = '', ...value] = pair.trim().split('=');
      return name === stateCookieName ? [value.join('=')] : [];
    });
    const [, ends = '0', nonce = '', given = ''] = (found.length === 1 ? form.exec(found[0] ?? '') : null) ?? [];
    const ours = Buffer.from(this.#signature(`${ends}.${nonce}`));
    const theirs = Buffer.from(given);
    return ours.length === theirs.length && timingSafeEqual(ours, theirs) && this.clock.now() < Number(ends);
  }

  #signature(said: string): string {
    return createHmac('sha256', this.#key).update(said).digest('base64url');
  }
}

const cookie = (value: string, more: string): string =>
  `${stateCookieName}=${value}; Path=/; Secure; HttpOnly; SameSite=None${more}`;

/** A browser has one log-in for what it has begun. */
export const stateGone = cookie('', '; Max-Age=0');
