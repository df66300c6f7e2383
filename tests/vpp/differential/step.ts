import type { RequestFields } from 'vpp-api';
import type { FrameSpec } from './frame-spec.js';
import type { AskedMessages, AskedRequest } from './messages.js';

/** The name of an interface or an ACL, in place of its index. A name outlives what it names: so do stale indices. */
export interface Ref {
  readonly of: string;
}

export function of(name: string): Ref {
  return { of: name };
}

/** Fields of a request in which names may stand for indices. */
export type Named<V> = V extends number
  ? number | Ref
  : V extends Uint8Array | string | boolean | bigint
    ? V
    : V extends readonly (infer E)[]
      ? readonly Named<E>[]
      : { readonly [K in keyof V]: Named<V[K]> };

/** What can be read back. */
export type Look =
  | 'interfaces'
  | 'bits'
  | 'spans'
  | 'bridge domains'
  | 'macs'
  | 'cross-connects'
  | 'acls'
  | 'tunnels'
  | 'policers'
  | 'counters'
  | 'events';

/** One request of the binary API. */
export interface CallStep {
  readonly do: 'call';
  readonly message: AskedRequest;
  readonly fields: Readonly<Record<string, unknown>>;
  /** The name that what it makes is to have. */
  readonly as?: string;
  /** `ok`, or the error that VPP answers; not given where any will do. */
  readonly answer?: string;
}

export interface PortStep {
  readonly do: 'add port';
  readonly name: string;
  readonly bridgeDomain: number | null;
}

export interface RemovePortStep {
  readonly do: 'remove port';
  readonly name: string;
}

/** Frames enter by a port; every port is watched. */
export interface SendStep {
  readonly do: 'send';
  readonly from: string;
  readonly frames: readonly FrameSpec[];
  /** What each port is given, in any order; ports not named get nothing. Not given where anything will do. */
  readonly arrives?: Readonly<Record<string, readonly (string | number)[]>>;
}

export interface LookStep {
  readonly do: 'look';
  readonly at: Look;
  /** Interfaces that matter; all unless given. */
  readonly names?: readonly string[];
  /** A line that must be there, or part of one. */
  readonly shows?: readonly string[];
}

/** What a scenario is made of: data, so that a random sequence that failed can be read, shortened and kept. */
export type Step = CallStep | PortStep | RemovePortStep | SendStep | LookStep;

/** A request that VPP grants. */
export function call<N extends AskedRequest>(
  message: N,
  fields: Named<RequestFields<AskedMessages, N>>,
  as?: string,
): CallStep {
  return {
    do: 'call',
    message,
    fields: fields as Readonly<Record<string, unknown>>,
    answer: 'ok',
    ...(as === undefined ? {} : { as }),
  };
}

/** The same request, which VPP refuses with this error (its name without `VNET_API_ERROR_`). */
export function refused(step: CallStep, answer: string): CallStep {
  return { ...step, answer };
}

export function addPort(name: string, bridgeDomain: number | null): PortStep {
  return { do: 'add port', name, bridgeDomain };
}

export function removePort(name: string): RemovePortStep {
  return { do: 'remove port', name };
}

export function send(
  from: string,
  frames: FrameSpec | readonly FrameSpec[],
  arrives?: Readonly<Record<string, readonly (string | number)[]>>,
): SendStep {
  const list = 'n' in frames ? [frames] : frames;
  return { do: 'send', from, frames: list, ...(arrives === undefined ? {} : { arrives }) };
}

export function look(at: Look, names?: readonly string[], shows?: readonly string[]): LookStep {
  return { do: 'look', at, ...(names === undefined ? {} : { names }), ...(shows === undefined ? {} : { shows }) };
}
