import type { Static, TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import {
  PhysnetRecord,
  PortBindingRecord,
  PortRoleRecord,
  QuotaRecord,
  ReceiptSenderRecord,
  SegmentRecord,
  TapFlowRecord,
  TapMirrorRecord,
  TapServiceRecord,
  TunnelIdRecord,
  UnderlayRecord,
} from './api-record.js';
import { AuditExported, AuditRecord } from './audit-record.js';
import { asLine } from './field-types.js';
import { CaptureLease, NodeTapFlow, NodeTapMirror, NodeTapService } from './node-record.js';
import { RecordError } from './record-error.js';
import { AgentRecord, HeartbeatRecord, ServerRecord, TapState } from './state-record.js';
import { StatisticsRecord, StatisticsRequest, StatisticsTotals } from './statistics-record.js';

/** etcd's own limit of a request, in bytes: no server or agent has written more. */
const longestValue = 1_572_864;

/** What is wrong with a record is for the log: no more of the record than this. */
const longestProblem = 200;

/** Reads and writes one kind of record. */
export interface RecordCodec<T> {
  /**
   * @param key named in the error
   * @throws RecordError when the value is no JSON object of a format version that we know. Unknown fields are ignored.
   */
  parse(key: string, value: string): T;
  format(record: T): string;
}

export const tapServiceCodec = codec(TapServiceRecord);
export const tapFlowCodec = codec(TapFlowRecord);
export const tapMirrorCodec = codec(TapMirrorRecord);
export const tunnelIdCodec = codec(TunnelIdRecord);
export const receiptSenderCodec = codec(ReceiptSenderRecord);
export const quotaCodec = codec(QuotaRecord);
export const portRoleCodec = codec(PortRoleRecord);
export const portBindingCodec = codec(PortBindingRecord);
export const underlayCodec = codec(UnderlayRecord);
export const auditCodec = codec(AuditRecord);
export const auditExportedCodec = codec(AuditExported);
export const segmentCodec = codec(SegmentRecord);
export const physnetCodec = codec(PhysnetRecord);
export const nodeTapServiceCodec = codec(NodeTapService);
export const nodeTapFlowCodec = codec(NodeTapFlow);
export const nodeTapMirrorCodec = codec(NodeTapMirror);
export const captureLeaseCodec = codec(CaptureLease);
export const tapStateCodec = codec(TapState);
export const agentCodec = codec(AgentRecord);
export const serverCodec = codec(ServerRecord);
export const heartbeatCodec = codec(HeartbeatRecord);
export const statisticsCodec = codec(StatisticsRecord);
export const statisticsTotalsCodec = codec(StatisticsTotals);
export const statisticsRequestCodec = codec(StatisticsRequest);

function codec<S extends TSchema>(schema: S): RecordCodec<Static<S>> {
  const validator = Compile(schema);
  return {
    parse(key, value) {
      if (value.length > longestValue) throw new RecordError(key, `is longer than ${longestValue} characters`);
      const json = parseJson(key, value);
      if (validator.Check(json)) return json as Static<S>;
      throw new RecordError(key, describe(json, validator.Errors(json)));
    },
    format: (record) => JSON.stringify(record),
  };
}

function parseJson(key: string, value: string): unknown {
  try {
    return JSON.parse(value);
  } catch (cause) {
    throw new RecordError(key, 'is not JSON', { cause });
  }
}

function describe(json: unknown, errors: readonly { instancePath: string; message: string }[]): string {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return 'is not a JSON object';
  const version = (json as { v?: unknown }).v;
  if (version !== 1) return `has format version ${named(version)}; this program knows 1`;
  const first = errors[0];
  if (!first) return 'does not have the expected form';
  return asLine(`${first.instancePath || 'the record'} ${first.message}`, longestProblem);
}

/** A value of somebody's, in a message. Never its inside: it may be nested deeper than the stack is. */
function named(value: unknown): string {
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'of a list' : 'of an object';
  return asLine(typeof value === 'string' ? `"${value}"` : String(value), 40);
}
