import type { Logins } from '@taas/keystone';
import type { Policy } from '@taas/policy';
import type { Clock, Logger, Watched } from '@taas/service';
import { Access } from '../auth/access.js';
import type { Authenticator } from '../auth/authenticator.js';
import { Dashboard } from './dashboard.js';
import { LoginGuard, type LoginLimits, usualLoginLimits } from './login-guard.js';
import type { PageFiles } from './page-files.js';
import { SessionDesk } from './session-desk.js';
import { SessionStore, usualSessionLimits } from './session-store.js';
import { type SsoOptions, WebSso } from './websso.js';

export interface DashboardParts {
  readonly logins: Logins;
  readonly authenticator: Authenticator;
  readonly rules: Watched<Policy>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Time for a request that asks Keystone, in ms. */
  readonly requestMs: number;
  readonly loginLimits?: LoginLimits;
}

/** @param options as the configuration has them */
export function openDashboard(
  options: { readonly idle_minutes: number; readonly most_sessions: number; readonly websso?: SsoOptions },
  files: PageFiles,
  parts: DashboardParts,
): Dashboard {
  const { logins, authenticator, rules, clock, logger, requestMs, loginLimits = usualLoginLimits } = parts;
  const limits = { ...usualSessionLimits, most: options.most_sessions, idleMs: options.idle_minutes * 60_000 };
  const sessions = new SessionStore(limits, clock);
  const desk = new SessionDesk({ logins, sessions, logger, guard: new LoginGuard(loginLimits, clock) });
  const { websso } = options;
  const sso = websso === undefined || websso.choices.length === 0 ? null : new WebSso(websso, clock);
  return new Dashboard({ sessions, desk, authenticator, access: new Access(rules), files, sso, logger, requestMs });
}
