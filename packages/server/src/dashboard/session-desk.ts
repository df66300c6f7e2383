import { type KeystoneProject, type LoggedIn, LoginRefusedError, type Logins } from '@taas/keystone';
import type { Logger } from '@taas/service';
import { UpstreamUnavailableError } from '@taas/upstream';
import { DashboardError } from './dashboard-error.js';
import { type LoginForm, nameOf } from './login-form.js';
import { type LoginGuard, TooManyLoginsError } from './login-guard.js';
import { type KeptSession, type Session, type SessionStore, SessionsFullError } from './session-store.js';

export interface SessionDeskDeps {
  readonly logins: Logins;
  readonly guard: LoginGuard;
  readonly sessions: SessionStore;
  readonly logger: Logger;
}

export interface Opened {
  /** For the cookie. */
  readonly id: string;
  readonly session: KeptSession;
}

/** Begins sessions, leads them to another project, and ends them. A session that changes what it may has a new secret. */
export class SessionDesk {
  constructor(private readonly deps: SessionDeskDeps) {}

  /**
   * @param network from where
   * @param before the secret that the browser has shown: whoever logs in anew is not in that session any more
   * @throws DashboardError; the signal's reason
   */
  async logIn(form: LoginForm, network: string, before: string | null, signal: AbortSignal): Promise<Opened> {
    const { logins, guard } = this.deps;
    const first = await this.#told(() =>
      guard.run(network, nameOf(form.who), signal, () => logins.logIn(form.who, signal)),
    );
    const session =
      form.who.kind === 'applicationCredential'
        ? sessionOf(first, null, [])
        : await this.#told(() => this.#inProject(first, form.project, signal));
    return this.#open(session, before);
  }

  /** @throws DashboardError; the signal's reason */
  async switchTo(projectId: string, before: string, session: KeptSession, signal: AbortSignal): Promise<Opened> {
    const { unscoped, projects } = session;
    if (unscoped === null || !projects.some(({ id }) => id === projectId)) throw noSuchProject();
    const scoped = await this.#told(() => this.deps.logins.scope(unscoped, projectId, signal));
    return this.#open(sessionOf(scoped, unscoped, projects), before);
  }

  /** Ends the session here, and its tokens at Keystone; a Keystone that does not answer keeps nobody logged in. */
  async logOut(id: string, signal: AbortSignal): Promise<void> {
    const session = this.deps.sessions.end(id);
    if (session === null) return;
    for (const token of [session.token, session.unscoped]) {
      if (token === null) continue;
      try {
        await this.deps.logins.revoke(token, signal);
      } catch (cause) {
        if (!(cause instanceof UpstreamUnavailableError)) throw cause;
        this.deps.logger.warn({ cause, user: session.userId }, 'a token could not be revoked; it ends by itself');
      }
    }
  }

  async #inProject(first: LoggedIn, wanted: string | null, signal: AbortSignal): Promise<Session> {
    const projects = await this.deps.logins.projects(first.token, signal);
    const chosen = wanted === null ? projects[0] : projects.find(({ id, name }) => id === wanted || name === wanted);
    if (chosen === undefined) throw noSuchProject();
    return sessionOf(await this.deps.logins.scope(first.token, chosen.id, signal), first.token, projects);
  }

  #open(session: Session, before: string | null): Opened {
    try {
      const opened = this.deps.sessions.open(session);
      if (before !== null) this.deps.sessions.end(before);
      return opened;
    } catch (cause) {
      if (!(cause instanceof SessionsFullError)) throw cause;
      throw new DashboardError(503, 'too_many_sessions', 'Too many people are logged in: try again later.', 60_000);
    }
  }

  /** In words for the page, which say no more than Keystone does. */
  async #told<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (cause) {
      if (cause instanceof LoginRefusedError)
        throw cause.needsPasscode
          ? new DashboardError(401, 'passcode_needed', 'A passcode is needed besides the password.')
          : new DashboardError(401, 'login_refused', 'Keystone does not accept this log-in.');
      if (cause instanceof TooManyLoginsError)
        throw new DashboardError(429, 'too_many_logins', 'Too many log-ins: try again later.', cause.retryAfterMs);
      if (!(cause instanceof UpstreamUnavailableError)) throw cause;
      this.deps.logger.warn({ cause }, 'nobody can log in at the moment');
      throw new DashboardError(
        503,
        'unavailable',
        'Keystone does not answer at the moment: try again.',
        cause.retryAfterMs,
      );
    }
  }
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
