import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { KeystoneProject } from '@taas/keystone';
import type { Clock } from '@taas/service';

/** What a browser has logged in to. The tokens never leave the server. */
export interface Session {
  /** For one project. Never logged. */
  readonly token: string;
  /** From which tokens for other projects are made; null for an application credential, which has one project. Never logged. */
  readonly unscoped: string | null;
  readonly userId: string;
  readonly userName: string;
  readonly project: { readonly id: string; readonly name: string };
  /** Those to choose from. */
  readonly projects: readonly KeystoneProject[];
  /** When the tokens end, in ms since 1970. */
  readonly expiresAt: number;
}

/** A session as it is kept. */
export interface KeptSession extends Session {
  /** What requests that change something must have in a header. */
  readonly csrf: string;
}

/** A browser's session, by the secret that it shows. */
export interface KnownSession {
  readonly id: string;
  readonly session: KeptSession;
}

export interface SessionLimits {
  /** In all; then nobody else can log in. */
  readonly most: number;
  /** Of one user; then the one that was used longest ago ends. */
  readonly mostOfUser: number;
  /** How long one lives without a person's request, in ms. */
  readonly idleMs: number;
}

export const usualSessionLimits: SessionLimits = { most: 2_000, mostOfUser: 16, idleMs: 3_600_000 };

/** There is room for no more sessions. */
export class SessionsFullError extends Error {
  override readonly name = 'SessionsFullError';
}

interface Kept {
  readonly session: KeptSession;
  usedAt: number;
}

/** Sessions by the secret in a cookie, of which only a sum is kept. They are this server's alone, and end with it. */
export class SessionStore {
  /** The one that was used longest ago is first. */
  readonly #kept = new Map<string, Kept>();

  constructor(
    private readonly limits: SessionLimits,
    private readonly clock: Clock,
    /** Secrets; random bytes if absent. */
    private readonly secret: () => string = () => randomBytes(32).toString('base64url'),
  ) {}

  /** @returns the secret for the cookie, and the user's sessions that had to make room @throws SessionsFullError */
  open(session: Session): KnownSession & { readonly ended: readonly Session[] } {
    this.#forgetEnded();
    const own = [...this.#kept].filter(([, kept]) => kept.session.userId === session.userId);
    const oldest = own.slice(0, Math.max(0, own.length - this.limits.mostOfUser + 1));
    for (const [key] of oldest) this.#kept.delete(key);
    if (this.#kept.size >= this.limits.most) throw new SessionsFullError('too many people are logged in');
    return { ...this.#keep(session), ended: oldest.map(([, kept]) => kept.session) };
  }

  /** Puts one session in the place of another. @returns null when that is not there any more: then nothing has changed */
  replace(id: string, session: Session): KnownSession | null {
    if (this.find(id) === null) return null;
    this.end(id);
    return this.#keep(session);
  }

  /** @returns null for one that is not there, or has ended */
  find(id: string): KeptSession | null {
    const key = keyOf(id);
    const kept = this.#kept.get(key);
    if (kept === undefined) return null;
    if (this.#hasEnded(kept)) {
      this.#kept.delete(key);
      return null;
    }
    return kept.session;
  }

  /** A person has used it: it lives longer. Nothing for one that is not there. */
  touch(id: string): void {
    const key = keyOf(id);
    const kept = this.#kept.get(key);
    if (kept === undefined) return;
    kept.usedAt = this.clock.monotonic();
    this.#kept.delete(key);
    this.#kept.set(key, kept);
  }

  /** @returns the session that has ended with it, if there was one */
  end(id: string): KeptSession | null {
    const key = keyOf(id);
    const kept = this.#kept.get(key);
    this.#kept.delete(key);
    return kept?.session ?? null;
  }

  get size(): number {
    return this.#kept.size;
  }

  #keep(session: Session): KnownSession {
    const id = this.secret();
    const kept = { session: { ...session, csrf: this.secret() }, usedAt: this.clock.monotonic() };
    this.#kept.set(keyOf(id), kept);
    return { id, session: kept.session };
  }

  #hasEnded({ session, usedAt }: Kept): boolean {
    return session.expiresAt <= this.clock.now() || this.clock.monotonic() - usedAt >= this.limits.idleMs;
  }

  #forgetEnded(): void {
    for (const [key, kept] of this.#kept) if (this.#hasEnded(kept)) this.#kept.delete(key);
  }
}

/** Whether a header proves that the page itself has sent the request. */
export function isCsrfToken(session: KeptSession, given: string | undefined): boolean {
  if (given === undefined) return false;
  const [ours, theirs] = [Buffer.from(session.csrf), Buffer.from(given)];
  return ours.length === theirs.length && timingSafeEqual(ours, theirs);
}

const keyOf = (id: string): string => createHash('sha256').update(id).digest('base64');
