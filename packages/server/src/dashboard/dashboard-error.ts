/** What the page is told of a request to the dashboard itself that was not carried out. */
export class DashboardError extends Error {
  override readonly name = 'DashboardError';

  constructor(
    readonly status: number,
    /** For the page. */
    readonly code:
      | 'bad_request'
      | 'login_refused'
      | 'passcode_needed'
      | 'no_project'
      | 'not_logged_in'
      | 'not_from_here'
      | 'not_found'
      | 'method_not_allowed'
      | 'too_many_logins'
      | 'too_many_sessions'
      | 'unavailable',
    message: string,
    readonly retryAfterMs: number | null = null,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }

  get body(): unknown {
    return { error: { code: this.code, message: this.message } };
  }
}

export const badLogin = (message: string) => new DashboardError(400, 'bad_request', message);

export const notLoggedIn = () =>
  new DashboardError(401, 'not_logged_in', 'Nobody is logged in here, or the session has ended.');

export const notFromHere = () =>
  new DashboardError(403, 'not_from_here', 'The request does not come from a page of this server that is logged in.');
