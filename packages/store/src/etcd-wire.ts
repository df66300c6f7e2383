import { create, fromBinary } from '@bufbuild/protobuf';
import {
  Compare_CompareResult,
  Compare_CompareTarget,
  CompareSchema,
  Event_EventType,
  EventSchema,
  KeyValueSchema,
  type RequestOp,
  RequestOpSchema,
  type TxnRequest,
  TxnRequestSchema,
  type Compare as WireCompare,
  type KeyValue as WireKeyValue,
} from './generated/etcd_pb.js';
import type { Change, Compare, KeyValue, LeaseId, Operation, Transaction } from './store.js';
import { StoreError } from './store-error.js';

const decoder = new TextDecoder();

/** From Node's pool: TextEncoder makes an ArrayBuffer for each key and value, of which garbage collection has to keep count. */
export function toBytes(text: string): Uint8Array<ArrayBuffer> {
  return Buffer.from(text);
}

/** A key of a range's answer. */
export const readKeyValue = (bytes: Uint8Array): KeyValue => toKeyValue(fromBinary(KeyValueSchema, bytes));

/** The key as it is in etcd: somebody may have written one that is no text, and no text stands for it. */
export const readKey = (bytes: Uint8Array): Uint8Array => fromBinary(KeyValueSchema, bytes).key;

function toKeyValue(wire: WireKeyValue): KeyValue {
  return {
    key: decoder.decode(wire.key),
    value: decoder.decode(wire.value),
    createRevision: Number(wire.createRevision),
    modRevision: Number(wire.modRevision),
    ...(wire.lease === 0n ? {} : { lease: leaseId(wire.lease) }),
  };
}

/** An event of a watch's answer. @throws StoreError `invalid` */
export function readChange(bytes: Uint8Array): Change {
  const event = fromBinary(EventSchema, bytes);
  if (event.kv === undefined) throw new StoreError('invalid', 'etcd sent an event without a key');
  const entry = toKeyValue(event.kv);
  if (event.type === Event_EventType.PUT) return { kind: 'put', entry };
  return { kind: 'delete', key: entry.key, modRevision: entry.modRevision };
}

/** The half-open range of keys that start with `prefix`, as etcd wants it. */
export function prefixRange(prefix: string): { key: Uint8Array<ArrayBuffer>; rangeEnd: Uint8Array<ArrayBuffer> } {
  // A single zero byte stands for "from the first key" and "to the last key".
  if (prefix === '') return { key: new Uint8Array(1), rangeEnd: new Uint8Array(1) };
  const key = toBytes(prefix);
  const rangeEnd = Uint8Array.from(key);
  // UTF-8 has no byte 0xff, so the last byte can always be raised.
  rangeEnd[rangeEnd.length - 1] = (rangeEnd.at(-1) ?? 0) + 1;
  return { key, rangeEnd };
}

/** The smallest key after `key`. */
export function keyAfter(key: Uint8Array): Uint8Array<ArrayBuffer> {
  const next = new Uint8Array(key.length + 1);
  next.set(key);
  return next;
}

export function leaseNumber(id: LeaseId): bigint {
  if (!/^[0-9a-f]{1,16}$/.test(id)) throw new StoreError('invalid', `${JSON.stringify(id)} is not a lease id`);
  return BigInt(`0x${id}`);
}

export function leaseId(number: bigint): LeaseId {
  return number.toString(16).padStart(16, '0');
}

/** On failure the transaction reads the compared keys, so that the caller sees what stood in the way at that revision. */
export function toTxnRequest(transaction: Transaction): TxnRequest {
  return create(TxnRequestSchema, {
    compare: transaction.compare.map(toWireCompare),
    success: transaction.operations.map(toRequestOp),
    failure: transaction.compare.map(({ key }) =>
      create(RequestOpSchema, { request: { case: 'requestRange', value: { key: toBytes(key) } } }),
    ),
  });
}

function toRequestOp(operation: Operation): RequestOp {
  const key = toBytes(operation.key);
  if (operation.kind === 'delete') {
    return create(RequestOpSchema, { request: { case: 'requestDeleteRange', value: { key } } });
  }
  const value = toBytes(operation.value);
  const lease = operation.lease === undefined ? 0n : leaseNumber(operation.lease);
  return create(RequestOpSchema, { request: { case: 'requestPut', value: { key, value, lease } } });
}

function toWireCompare(compare: Compare): WireCompare {
  const key = toBytes(compare.key);
  const { EQUAL, GREATER } = Compare_CompareResult;
  switch (compare.kind) {
    case 'absent':
    case 'present': {
      const result = compare.kind === 'absent' ? EQUAL : GREATER;
      const targetUnion = { case: 'createRevision', value: 0n } as const;
      return create(CompareSchema, { key, target: Compare_CompareTarget.CREATE, result, targetUnion });
    }
    case 'mod-revision': {
      const targetUnion = { case: 'modRevision', value: BigInt(compare.revision) } as const;
      return create(CompareSchema, { key, target: Compare_CompareTarget.MOD, result: EQUAL, targetUnion });
    }
    case 'value': {
      const targetUnion = { case: 'value', value: toBytes(compare.value) } as const;
      return create(CompareSchema, { key, target: Compare_CompareTarget.VALUE, result: EQUAL, targetUnion });
    }
  }
}
