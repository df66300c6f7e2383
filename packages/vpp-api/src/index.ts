export { type AgentMessages, agentMessages } from './agent-messages.js';
export { type ApiFileProblem, type ApiFolders, describeProblem, readApiFolders } from './api-folders.js';
export type { Service } from './api-json.js';
export { bootstrapSchema, SOCKCLNT_CREATE_ID, SOCKCLNT_CREATE_REPLY_ID } from './bootstrap.js';
export { ByteReader } from './byte-reader.js';
export { ByteWriter } from './byte-writer.js';
export type { DumpOptions, RequestOptions, UnreadableDetails, VppClient, VppVersion } from './client.js';
export { type Clock, systemClock } from './clock.js';
export { type Compatibility, checkMessages, findMismatches, type MessageTable } from './compatibility.js';
export { type ConnectOptions, connect } from './connect.js';
export {
  VppCodecError,
  VppCompatibilityError,
  VppConnectError,
  VppDefinitionsError,
  VppDisconnectedError,
  VppDumpTooLargeError,
  VppError,
  VppFrameError,
  VppOverloadedError,
  VppRetvalError,
  VppTimeoutError,
} from './errors.js';
export {
  type EnumSpec,
  enumOf,
  type FieldSpec,
  type FieldSpecs,
  type InputFields,
  type InputOf,
  type ListSpec,
  listOf,
  type OutputFields,
  type OutputOf,
  type StructSpec,
  struct,
  type UnionSpec,
  unionOf,
} from './field-spec.js';
export {
  DEFAULT_MAX_FRAME_BYTES,
  encodeFrame,
  FRAME_HEADER_BYTES,
  FrameDecoder,
  type FrameHandler,
  writeFrameHeader,
} from './framing.js';
export type { Health } from './health.js';
export { fromVppAddress, fromVppMac, toVppAddress, toVppMac, type VppAddress } from './ip-address.js';
export { type LabMessages, labMessages } from './lab-messages.js';
export { type FieldValues, MessageCodec } from './message-codec.js';
export {
  type DetailsFields,
  type DumpFields,
  type DumpName,
  type DumpSpec,
  defineMessages,
  type EventFields,
  type EventName,
  type MessageSet,
  type ReplyFields,
  type RequestFields,
  type RequestName,
  type RequestSpec,
} from './message-set.js';
export { retvalName, retvalOf } from './retval-names.js';
export { type ApiDefinitions, loadApiDirectory, parseApiJson, Schema } from './schema.js';
export { CombinedCounters, type Scalar, SimpleCounters, type StatsValue } from './stats/counters.js';
export { findSegment } from './stats/find-segment.js';
export { type ReceiveSegmentOptions, receiveSegment } from './stats/receive-segment.js';
export { openSegmentFile, type SegmentBytes } from './stats/segment-bytes.js';
export { type StatsProblem, VppStatsError } from './stats/stats-error.js';
export { StatsSegment } from './stats/stats-segment.js';
export { type OpenTransport, openUnixSocket, type Transport, type TransportHandlers } from './transport.js';
export type { EnumNode, FieldNode, ScalarName, StructNode, TypeNode, UnionNode } from './type-node.js';
export * as vppTypes from './vpp-types.js';
