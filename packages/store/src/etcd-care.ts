import { Code, ConnectError } from '@connectrpc/connect';
import type { EtcdCalls } from './etcd-calls.js';
import { revisionCompacted } from './etcd-errors.js';
import { toBytes } from './etcd-wire.js';
import type { MemberSpace, StoreCare } from './store-care.js';
import { StoreError } from './store-error.js';

/** etcd's Maintenance.Status and KV.Compact. */
export function careFor(calls: EtcdCalls): StoreCare {
  return {
    space: (options) =>
      calls.everywhere(options?.signal, async (endpoint, rpc): Promise<MemberSpace> => {
        const answer = await endpoint.maintenance.status({}, rpc);
        return {
          endpoint: endpoint.url,
          dbBytes: Number(answer.dbSize),
          inUseBytes: Number(answer.dbSizeInUse),
          quotaBytes: answer.dbSizeQuota > 0n ? Number(answer.dbSizeQuota) : null,
          alarms: answer.errors.flatMap(alarmIn),
          revision: Number(answer.header?.revision ?? 0n),
        };
      }),
    compact: async (revision, options) => {
      try {
        await calls.unary({ signal: options?.signal, repeatable: true }, (endpoint, rpc) =>
          endpoint.kv.compact({ revision: BigInt(revision) }, rpc),
        );
      } catch (error) {
        if (!(error instanceof StoreError) || !alreadyCompacted(error)) throw error;
      }
    },
    forgotten: async (key, revision, options) => {
      const request = { key: toBytes(key), revision: BigInt(revision), limit: 1n };
      try {
        await calls.unary({ signal: options?.signal, repeatable: true }, (endpoint, rpc) =>
          endpoint.kv.range(request, rpc),
        );
        return false;
      } catch (error) {
        if (error instanceof StoreError && revisionCompacted(error)) return true;
        throw error;
      }
    },
  };
}

/** etcd tells of an alarm as its message in text: `memberID:42 alarm:NOSPACE `. */
const alarmIn = (text: string): readonly string[] => /\balarm:([A-Z]+)/.exec(text)?.slice(1, 2) ?? [];

const alreadyCompacted = ({ cause }: StoreError): boolean =>
  cause instanceof ConnectError && cause.code === Code.OutOfRange && /compacted/.test(cause.rawMessage);
