import type { FieldSpecs, InputFields, OutputFields } from './field-spec.js';

/** A request and its reply. The reply message's name comes from VPP's definitions. */
export interface RequestSpec {
  readonly request: FieldSpecs;
  readonly reply: FieldSpecs;
}

/** A request answered by any number of details; VPP's definitions name the details message. */
export interface DumpSpec {
  readonly request: FieldSpecs;
  readonly details: FieldSpecs;
  /** The details message where VPP's definitions name a wrong one. */
  readonly answeredBy?: string;
}

/** The messages a program uses, as it believes them to be; `client_index` and `context` are never named. */
export interface MessageSet {
  readonly requests: Readonly<Record<string, RequestSpec>>;
  readonly dumps: Readonly<Record<string, DumpSpec>>;
  readonly events: Readonly<Record<string, FieldSpecs>>;
  /** Requests and dumps that a VPP may lack, or have in another form: `VppClient.has` tells. All others must be there as said. */
  readonly optional?: readonly string[];
}

/**
 * Describes the messages a program uses. From the description come the TypeScript types of `request`, `dump` and `on`, and
 * the check against VPP's own definitions at connect.
 */
export function defineMessages<const M extends MessageSet>(messages: M): M {
  return messages;
}

export type RequestName<M extends MessageSet> = keyof M['requests'] & string;
export type DumpName<M extends MessageSet> = keyof M['dumps'] & string;
export type EventName<M extends MessageSet> = keyof M['events'] & string;

/** Fields that a request takes. */
export type RequestFields<M extends MessageSet, N extends RequestName<M>> = InputFields<M['requests'][N]['request']>;
/** Fields that its reply has. */
export type ReplyFields<M extends MessageSet, N extends RequestName<M>> = OutputFields<M['requests'][N]['reply']>;
/** Fields that a dump takes. */
export type DumpFields<M extends MessageSet, N extends DumpName<M>> = InputFields<M['dumps'][N]['request']>;
/** Fields that each of its details has. */
export type DetailsFields<M extends MessageSet, N extends DumpName<M>> = OutputFields<M['dumps'][N]['details']>;
/** Fields that an event has. */
export type EventFields<M extends MessageSet, N extends EventName<M>> = OutputFields<M['events'][N]>;
