import { createHash } from 'node:crypto';
import { type KeystoneProject, type LoggedIn, LoginRefusedError, type Logins } from '@taas/keystone';
import type { Logger } from '@taas/service';
import { UpstreamUnavailableError } from '@taas/upstream';
import { DashboardError, notLoggedIn } from './dashboard-error.js';
import { type LoginForm, nameOf, toldName } from './login-form.js';
import { type LoginGuard, TooManyLoginsError } from './login-guard.js';
import {
  type KeptSession,
  type KnownSession,
  type Session,
  type SessionStore,
  SessionsFullError,
} from './session-store.js';

export interface SessionDeskDeps {
  readonly logins: Logins;
  readonly guard: LoginGuard;
  readonly sessions: SessionStore;
  readonly logger: Logger;
}

export interface Opened<T> extends KnownSession {
  /** What was worked out of the session before it began. */
  readonly shown: T;
}

/** From whom a request comes, and what is worked out of their session: where that fails, nothing has changed. */
export interface Asking<T> {
  readonly network: string;
  readonly signal: AbortSignal;
  readonly show: (session: Session) => Promise<T>;
}

/** How long revoking tokens may take, in ms. */
const revokeMs = 5_000;

/** Begins sessions, leads them to another project, and ends them. A session that changes what it may has a new secret. */
export class SessionDesk {
  /** Those that are being led to another project. */
  readonly #switching = new Set<KeptSession>();

  constructor(private readonly deps: SessionDeskDeps) {}

  /**
   * @param before the secret that the browser has shown: whoever logs in anew is not in that session any more
   * @throws DashboardError; the signal's reason
   */
  async logIn<T>(form: LoginForm, before: string | null, asking: Asking<T>): Promise<Opened<T>> {
    const told = { what: 'log-in', user: toldName(form.who), guarded: nameOf(form.who) };
    return this.#open(told, before, asking, (issued) => this.#begun(form, issued, asking.signal));
  }

  /**
   * With a token that Keystone has given by single sign-on, for no project yet.
   * @param before as in {@link logIn}
   * @throws DashboardError; the signal's reason
   */
  async logInBy<T>(token: string, before: string | null, asking: Asking<T>): Promise<Opened<T>> {
    const guarded = `token ${createHash('sha256').update(token).digest('base64')}`;
    return this.#open({ what: 'log-in by single sign-on', user: '', guarded }, before, asking, (issued) => {
      issued.push(token);
      return this.#inFirstProject(token, null, issued, asking.signal);
    });
  }

  /**
   * @param told how it is called in the log, and by which name its tries are counted
   * @param begin notes the tokens that Keystone gives, as they come: they are revoked if nothing comes of it
   */
  async #open<T>(
    told: { readonly what: string; readonly user: string; readonly guarded: string },
    before: string | null,
    { network, signal, show }: Asking<T>,
    begin: (issued: string[]) => Promise<Session>,
  ): Promise<Opened<T>> {
    const { guard, sessions } = this.deps;
    const over: Session[] = [];
    const opened = await this.#traced(told.what, { user: told.user, network }, () =>
      guard.logIn(network, told.guarded, signal, async () => {
        const issued: string[] = [];
        try {
          const begun = await begin(issued);
          const shown = await show(begun);
          const { ended, id, session } = sessions.open(begun);
          over.push(...ended);
          const left = before === null ? null : sessions.end(before);
          if (left !== null) over.push(left);
          return { id, session, shown };
        } catch (cause) {
          await this.#revoke(issued);
          throw cause;
        }
      }),
    );
    await this.#revoke(over.flatMap(({ token, unscoped }) => [token, unscoped]));
    return opened;
  }

  /** One at a time for a session; one that has ended meanwhile stays ended. @throws DashboardError; the signal's reason */
  async switchTo<T>(projectId: string, before: KnownSession, asking: Asking<T>): Promise<Opened<T>> {
    const { guard, sessions, logins } = this.deps;
    const { network, signal } = asking;
    const { unscoped, projects, userId } = before.session;
    const opened = await this.#traced('switch of the project', { user: userId, network }, async () => {
      if (unscoped === null || !projects.some(({ id }) => id === projectId)) throw noSuchProject();
      if (this.#switching.has(before.session)) throw new TooManyLoginsError(1_000);
      this.#switching.add(before.session);
      try {
        return await guard.switchProject(userId, signal, async () => {
          const scoped = await logins.scope(unscoped, projectId, signal);
          try {
            const session = sessionOf(scoped, unscoped, projects);
            const shown = await asking.show(session);
            const opened = sessions.replace(before.id, session);
            if (opened === null) throw notLoggedIn();
            return { ...opened, shown };
          } catch (cause) {
            await this.#revoke([scoped.token]);
            throw cause;
          }
        });
      } finally {
        this.#switching.delete(before.session);
      }
    });
    // The one for no project goes on.
    await this.#revoke([before.session.token]);
    return opened;
  }

  /** Ends the session here, and its tokens at Keystone; a Keystone that does not answer keeps nobody logged in. */
  async logOut(id: string, network: string): Promise<void> {
    const session = this.deps.sessions.end(id);
    if (session === null) return;
    this.deps.logger.info({ user: session.userId, network, project: session.project.id }, 'log-out');
    await this.#revoke([session.token, session.unscoped]);
  }

  /** Whatever comes of it: a token that cannot be revoked ends by itself. */
  async #revoke(tokens: readonly (string | null)[]): Promise<void> {
    // Not the request's: it may be over because Keystone was slow.
    const signal = AbortSignal.timeout(revokeMs);
    for (const token of tokens) {
      if (token === null) continue;
      try {
        await this.deps.logins.revoke(token, signal);
      } catch (cause) {
        this.deps.logger.warn({ cause }, 'a token could not be revoked; it ends by itself');
      }
    }
  }

  /** @param issued where the tokens that Keystone gives are noted as they come */
  async #begun({ who, project: wanted }: LoginForm, issued: string[], signal: AbortSignal): Promise<Session> {
    const { logins } = this.deps;
    const first = await logins.logIn(who, signal);
    issued.push(first.token);
    if (who.kind === 'applicationCredential') return sessionOf(first, null, []);
    return this.#inFirstProject(first.token, wanted, issued, signal);
  }

  /** @param wanted name or id of a project; null: the first, by name */
  async #inFirstProject(
    unscoped: string,
    wanted: string | null,
    issued: string[],
    signal: AbortSignal,
  ): Promise<Session> {
    const { logins } = this.deps;
    const projects = await logins.projects(unscoped, signal);
    const chosen = wanted === null ? projects[0] : projects.find(({ id, name }) => id === wanted || name === wanted);
    if (chosen === undefined) throw noSuchProject();
    const scoped = await logins.scope(unscoped, chosen.id, signal);
    issued.push(scoped.token);
    return sessionOf(scoped, unscoped, projects);
  }

  /** Says what came of it, to the log, and in words for the page, which say no more than Keystone does. */
  async #traced<T>(
    what: string,
    who: { readonly user: string; readonly network: string },
    work: () => Promise<Opened<T>>,
  ): Promise<Opened<T>> {
    const { logger } = this.deps;
    try {
      const opened = await work();
      const { userId, project } = opened.session;
      logger.info({ ...who, user_id: userId, project: project.id }, what);
      return opened;
    } catch (cause) {
      const told = toldOf(cause);
      if (told?.code === 'unavailable') logger.warn({ cause, ...who }, 'nobody can log in at the moment');
      else logger.info({ ...who, result: told?.code ?? 'failed' }, `${what}: refused`);
      throw told ?? cause;
    }
  }
}

function toldOf(cause: unknown): DashboardError | null {
  if (cause instanceof DashboardError) return cause;
  if (cause instanceof LoginRefusedError)
    return cause.needsPasscode
      ? new DashboardError(401, 'passcode_needed', 'A passcode is needed besides the password.')
      : new DashboardError(401, 'login_refused', 'Keystone does not accept this log-in.');
  if (cause instanceof TooManyLoginsError)
    return new DashboardError(429, 'too_many_logins', 'Too many log-ins: try again later.', cause.retryAfterMs);
  if (cause instanceof SessionsFullError)
    return new DashboardError(503, 'too_many_sessions', 'Too many people are logged in: try again later.', 60_000);
  if (!(cause instanceof UpstreamUnavailableError)) return null;
  const words = 'Keystone does not answer at the moment: try again.';
  return new DashboardError(503, 'unavailable', words, cause.retryAfterMs, { cause });
}

const noSuchProject = () => new DashboardError(403, 'no_project', 'You have no role in such a project.');

/** @throws DashboardError 403 for a token of no project */
function sessionOf({ token, info }: LoggedIn, unscoped: string | null, projects: readonly KeystoneProject[]): Session {
  const { projectId, projectName, userId, userName, expiresAt } = info;
  if (projectId === null) throw noSuchProject();
  const project = { id: projectId, name: projectName ?? projectId };
  const all = projects.length > 0 ? projects : [{ ...project, domainId: info.projectDomainId }];
  return { token, unscoped, userId, userName, project, projects: all, expiresAt };
}
