import { Code, ConnectError } from '@connectrpc/connect';
import { describe, expect, it } from 'vitest';
import { neverSent, tokenRefused, toStoreError } from './etcd-errors.js';
import { StoreError } from './store-error.js';

const url = 'http://127.0.0.1:2379';

function refused(code: string): ConnectError {
  const cause = Object.assign(new Error('from node'), { code });
  const error = new ConnectError('from node', Code.Unavailable);
  error.cause = cause;
  return error;
}

describe('toStoreError', () => {
  it.each([
    [Code.Canceled, 'http/2 stream closed with error code CANCEL (0x8)', 'unavailable'],
    [Code.Unavailable, 'etcdserver: no leader', 'unavailable'],
    [Code.DeadlineExceeded, 'the operation timed out', 'unavailable'],
    [Code.Internal, 'http/2 stream closed', 'unavailable'],
    [Code.ResourceExhausted, 'etcdserver: too many requests', 'unavailable'],
    [Code.ResourceExhausted, 'etcdserver: mvcc: database space exceeded', 'full'],
    [Code.ResourceExhausted, 'grpc: received message larger than max (8388663 vs. 2097152)', 'too-large'],
    [Code.InvalidArgument, 'etcdserver: request is too large', 'too-large'],
    [Code.InvalidArgument, 'etcdserver: too many operations in txn request', 'too-large'],
    [Code.InvalidArgument, 'etcdserver: duplicate key given in txn request', 'invalid'],
    [Code.InvalidArgument, 'etcdserver: authentication failed, invalid user ID or password', 'denied'],
    [Code.InvalidArgument, 'etcdserver: user name is empty', 'denied'],
    [Code.PermissionDenied, 'etcdserver: permission denied', 'denied'],
    [Code.Unauthenticated, 'etcdserver: invalid auth token', 'denied'],
    [Code.NotFound, 'etcdserver: requested lease not found', 'lease-lost'],
    [Code.Unimplemented, 'unknown method', 'invalid'],
  ] as const)('code %s, "%s": %s', (code, text, expected) => {
    const cause = new ConnectError(text, code);
    const error = toStoreError(cause, url);
    expect(error).toMatchObject({ code: expected, cause, retriable: expected === 'unavailable' });
    expect(error.message).toContain(url);
  });

  it('takes a certificate that is not trusted for a refusal, not for an outage', () => {
    expect(toStoreError(refused('SELF_SIGNED_CERT_IN_CHAIN'), url).code).toBe('denied');
    expect(toStoreError(refused('ECONNREFUSED'), url).code).toBe('unavailable');
  });

  it('leaves our own errors as they are', () => {
    const error = new StoreError('closed', 'the store was closed');
    expect(toStoreError(error, url)).toBe(error);
  });
});

describe('neverSent', () => {
  it('is sure only when there was nobody to take the request', () => {
    expect(neverSent(refused('ECONNREFUSED'))).toBe(true);
    expect(neverSent(refused('ECONNRESET'))).toBe(false);
    expect(neverSent(new ConnectError('reset', Code.Canceled))).toBe(false);
  });
});

describe('tokenRefused', () => {
  it('knows an expired token from a missing permission', () => {
    expect(tokenRefused(new ConnectError('etcdserver: invalid auth token', Code.Unauthenticated))).toBe(true);
    expect(tokenRefused(new ConnectError('etcdserver: revision of auth store is old', Code.InvalidArgument))).toBe(
      true,
    );
    expect(tokenRefused(new ConnectError('etcdserver: permission denied', Code.PermissionDenied))).toBe(false);
  });
});
