import { Code, ConnectError } from '@connectrpc/connect';
import { StoreError, type StoreErrorCode } from './store-error.js';

/** Translates what a call at the endpoint `url` threw. The original stays as `cause`. */
export function toStoreError(error: unknown, url: string): StoreError {
  if (error instanceof StoreError) return error;
  const code = storeErrorCode(error);
  const text = error instanceof ConnectError ? error.rawMessage : String(error);
  return new StoreError(code, `etcd at ${url}: ${text}${hint(code, text)}`, { cause: error });
}

function storeErrorCode(error: unknown): StoreErrorCode {
  if (isTlsRefusal(error)) return 'denied';
  if (!(error instanceof ConnectError)) return 'unavailable';
  const text = error.rawMessage;
  switch (error.code) {
    case Code.Unauthenticated:
    case Code.PermissionDenied:
      return 'denied';
    case Code.InvalidArgument:
      if (/too large|too many operations/.test(text)) return 'too-large';
      return /authentication failed|user name is empty|auth store is old/.test(text) ? 'denied' : 'invalid';
    case Code.ResourceExhausted:
      if (/space exceeded|no space/.test(text)) return 'full';
      return /larger than max/.test(text) ? 'too-large' : 'unavailable';
    case Code.NotFound:
      return /lease not found/.test(text) ? 'lease-lost' : 'invalid';
    case Code.FailedPrecondition:
    case Code.AlreadyExists:
    case Code.Unimplemented:
      return 'invalid';
    default:
      // Canceled is among these: a server that is killed resets its streams so, and our own aborts are told apart before.
      return 'unavailable';
  }
}

function hint(code: StoreErrorCode, text: string): string {
  if (code === 'denied' && /user name is empty/.test(text)) return '; this etcd asks for a user and a password';
  if (code === 'full') return '; compact and defragment it, or raise its quota, then clear the alarm';
  return '';
}

/** Whether the request surely never left: there was nobody to take it, so that even a write may be tried elsewhere. */
export function neverSent(error: unknown): boolean {
  return nodeErrorCodes(error).some((code) =>
    ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH'].includes(code),
  );
}

/** Whether nothing came back in time. */
export function timedOut(error: unknown): boolean {
  return error instanceof ConnectError && error.code === Code.DeadlineExceeded;
}

/** Whether the auth token is what etcd did not like: expired, unknown after a restart, or older than a change of roles. */
export function tokenRefused(error: unknown): boolean {
  if (!(error instanceof ConnectError)) return false;
  if (error.code === Code.Unauthenticated) return true;
  return error.code === Code.InvalidArgument && /auth store is old|user name is empty/.test(error.rawMessage);
}

export function authNotEnabled(error: unknown): boolean {
  return (
    error instanceof ConnectError &&
    error.code === Code.FailedPrecondition &&
    /authentication is not enabled/.test(error.rawMessage)
  );
}

/** Whether a read named a revision whose data was compacted away. */
export function revisionCompacted(error: StoreError): boolean {
  return error.cause instanceof ConnectError && error.cause.code === Code.OutOfRange;
}

function isTlsRefusal(error: unknown): boolean {
  return nodeErrorCodes(error).some((code) =>
    /^(ERR_TLS_|ERR_SSL_|CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_)/.test(code),
  );
}

function nodeErrorCodes(error: unknown): string[] {
  const codes: string[] = [];
  let each: unknown = error;
  for (let depth = 0; each instanceof Error && depth < 8; depth++) {
    if ('code' in each && typeof each.code === 'string') codes.push(each.code);
    if (each instanceof AggregateError) codes.push(...each.errors.flatMap((inner) => nodeErrorCodes(inner)));
    each = each.cause;
  }
  return codes;
}
