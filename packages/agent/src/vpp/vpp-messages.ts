import type {
  AgentMessages,
  DetailsFields,
  DumpFields,
  DumpName,
  DumpOptions,
  ReplyFields,
  RequestFields,
  RequestName,
  RequestOptions,
  VppClient,
} from 'vpp-api';

type Messages = AgentMessages;
/** A message that the agent may ask a VPP. */
export type MessageName = RequestName<Messages> | DumpName<Messages>;
/** One that a VPP may lack: only a handler that needs it may use it. */
export type OptionalMessage = Messages['optional'][number];

/** A connection to a VPP that is only asked these messages. */
export interface Speaks<N extends MessageName> extends Omit<VppClient<Messages>, 'request' | 'dump'> {
  request<K extends N & RequestName<Messages>>(
    name: K,
    fields: RequestFields<Messages, K>,
    options?: RequestOptions,
  ): Promise<ReplyFields<Messages, K>>;
  dump<K extends N & DumpName<Messages>>(
    name: K,
    fields: DumpFields<Messages, K>,
    options?: DumpOptions,
  ): Promise<readonly DetailsFields<Messages, K>[]>;
}

/** What the agent can ask of every VPP that it takes; what else one has is for `Alternatives`. */
export type Vpp = SpeaksAlso<never>;
/** The same, and these beside. */
export type SpeaksAlso<N extends OptionalMessage> = Speaks<Exclude<MessageName, Exclude<OptionalMessage, N>>>;

/** Whoever can be asked one kind of dump. */
export interface Dumps<N extends DumpName<Messages>> {
  dump(name: N, fields: DumpFields<Messages, N>, options?: DumpOptions): Promise<readonly DetailsFields<Messages, N>[]>;
}

/** VPP's "none" or "all". */
export const anyIndex = 0xffffffff;
