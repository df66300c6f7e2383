import { GatewayError } from '@taas/gateway';
import { NeutronUnauthorizedError } from '@taas/neutron';
import { StoreError } from '@taas/store';
import { UpstreamUnavailableError } from '@taas/upstream';
import { UnauthenticatedError } from '../auth/authenticator.js';
import { badRequest, internal, NeutronError, tooLarge, unavailable } from '../errors/neutron-error.js';
import { ViewBehindError } from '../view/live-view.js';

export interface Answer {
  readonly status: number;
  readonly body: unknown;
  /** Value of WWW-Authenticate. */
  readonly challenge?: string;
  /** Value of Retry-After, in seconds. */
  readonly retryAfter?: number;
}

/** The one door from whatever was thrown to what the client is told; never more than it may know. */
export function answerFor(error: unknown, challenge: string): Answer {
  if (error instanceof UnauthenticatedError || error instanceof NeutronUnauthorizedError) {
    const message = 'The request you have made requires authentication.';
    return { status: 401, body: { error: { code: 401, title: 'Unauthorized', message } }, challenge };
  }
  if (error instanceof GatewayError) return { status: error.status, body: error.body };
  const known = error instanceof NeutronError ? error : translate(error);
  const { status, body, retryAfterMs } = known;
  return {
    status,
    body,
    ...(retryAfterMs === null ? {} : { retryAfter: Math.max(1, Math.ceil(retryAfterMs / 1000)) }),
  };
}

function translate(error: unknown): NeutronError {
  if (error instanceof ViewBehindError) return unavailable('This server has not caught up with etcd: try again.');
  if (error instanceof StoreError) return fromStore(error);
  if (error instanceof UpstreamUnavailableError) {
    // What exactly is wrong with it is for the log.
    return unavailable(`${error.service} does not answer at the moment: try again.`, {
      ...{ cause: error, retryAfterMs: error.retryAfterMs },
    });
  }
  if (outOfTime(error)) return unavailable('The request took too long: try again.', { cause: error });
  const status = (error as { statusCode?: unknown } | null)?.statusCode;
  if (status === 413) return tooLarge('The request body is too large.', { cause: error });
  if (typeof status === 'number' && status >= 400 && status < 500) {
    return badRequest(error instanceof Error ? error.message : 'The request could not be understood.', {
      cause: error,
    });
  }
  return internal({ cause: error });
}

/** Whether the time for a request is over: by a signal of ours, or by the framework's. */
export function outOfTime(error: unknown): boolean {
  if (error instanceof DOMException) return error.name === 'TimeoutError';
  return (error as { statusCode?: unknown } | null)?.statusCode === 503;
}

function fromStore(error: StoreError): NeutronError {
  switch (error.code) {
    case 'too-large':
      return tooLarge('The resource is too large to be stored.', { cause: error });
    case 'unavailable':
    case 'closed':
      return unavailable('etcd does not answer; whether the request was carried out is not known.', { cause: error });
    case 'full':
      return unavailable('etcd is full: nothing can be created or changed until the operator makes room.', {
        cause: error,
      });
    default:
      return internal({ cause: error });
  }
}
