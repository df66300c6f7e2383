import { retvalName } from './retval-names.js';

/** Every error of this package; `code` is stable and meant for programs, `message` for people. */
export abstract class VppError extends Error {
  abstract readonly code: string;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** The API socket could not be opened, or VPP refused the registration. */
export class VppConnectError extends VppError {
  readonly code = 'VPP_CONNECT';
  constructor(
    readonly socketPath: string,
    reason: string,
    options?: ErrorOptions,
  ) {
    super(`cannot connect to VPP's API socket ${socketPath}: ${reason}`, options);
  }
}

/** The connection is gone; whether a request that was in flight took effect is unknown. */
export class VppDisconnectedError extends VppError {
  readonly code = 'VPP_DISCONNECTED';
}

/** No reply in time; whether the request took effect is unknown, and a late reply is dropped. */
export class VppTimeoutError extends VppError {
  readonly code = 'VPP_TIMEOUT';
  constructor(
    readonly messageName: string,
    readonly timeoutMs: number,
  ) {
    super(`${messageName}: no reply from VPP within ${timeoutMs} ms`);
  }
}

/** VPP answered with a negative retval: it refused, and says why by `errorName`. */
export class VppRetvalError extends VppError {
  readonly code = 'VPP_RETVAL';
  /** VPP's own name, such as `VNET_API_ERROR_NO_SUCH_ENTRY`; `VNET_API_ERROR_UNKNOWN` for a value we do not know. */
  readonly errorName: string;
  constructor(
    readonly messageName: string,
    readonly retval: number,
  ) {
    const errorName = retvalName(retval);
    super(`${messageName}: VPP answered ${errorName} (${retval})`);
    this.errorName = errorName;
  }
}

/** A value does not fit its message, or bytes are not the message that they claim to be. */
export class VppCodecError extends VppError {
  readonly code = 'VPP_CODEC';
  constructor(
    /** Message and field, such as `acl_add_replace.r[].proto`. */
    readonly path: string,
    reason: string,
    options?: ErrorOptions,
  ) {
    super(`${path}: ${reason}`, options);
  }
}

/** The byte stream is not a sequence of API frames any more; there is no way to find the next frame. */
export class VppFrameError extends VppError {
  readonly code = 'VPP_FRAME';
}

/** API definitions (`*.api.json` or get_api_json's answer) that cannot be read. */
export class VppDefinitionsError extends VppError {
  readonly code = 'VPP_DEFINITIONS';
}

/** The VPP at the other end does not speak the messages that the program was written for. */
export class VppCompatibilityError extends VppError {
  readonly code = 'VPP_COMPATIBILITY';
  constructor(
    /** Every mismatch found, one sentence each. */
    readonly mismatches: readonly string[],
    /** VPP's version as show_version gives it, or 'unknown'. */
    readonly vppVersion: string,
  ) {
    super(`VPP ${vppVersion} does not match in ${mismatches.length} point(s):\n  ${mismatches.join('\n  ')}`);
  }
}

/** More requests wait for a free place in flight than `maxWaiting` allows. */
export class VppOverloadedError extends VppError {
  readonly code = 'VPP_OVERLOADED';
  constructor(readonly maxWaiting: number) {
    super(`${maxWaiting} requests wait for VPP already; send fewer at a time or raise maxWaiting`);
  }
}

/** A dump had more details than the caller was ready to take. */
export class VppDumpTooLargeError extends VppError {
  readonly code = 'VPP_DUMP_TOO_LARGE';
  constructor(
    readonly messageName: string,
    readonly maxDetails: number,
  ) {
    super(`${messageName}: more than ${maxDetails} details; raise maxDetails if that many are expected`);
  }
}
