import { create, toBinary } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readChange, toBytes } from './etcd-wire.js';
import { Event_EventType, EventSchema, type WatchResponse, WatchResponseSchema } from './generated/etcd_pb.js';
import { WatchAssembler } from './watch-assembler.js';

function response(
  revisions: readonly number[],
  more: Partial<Omit<WatchResponse, '$typeName'>> = {},
): Parameters<WatchAssembler['accept']> {
  const changes = revisions.map((revision) => {
    const kv = { key: toBytes(`/${revision}`), value: toBytes('é'), createRevision: 1n, modRevision: BigInt(revision) };
    const type = revision % 3 === 0 ? Event_EventType.DELETE : Event_EventType.PUT;
    return readChange(toBinary(EventSchema, create(EventSchema, { type, kv })));
  });
  return [create(WatchResponseSchema, more), changes];
}

describe('WatchAssembler', () => {
  it('gives back whole revisions, wherever the answers were cut into fragments', () => {
    const revisions = fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(revisions, fc.array(fc.boolean(), { minLength: 30, maxLength: 30 }), (sizes, cuts) => {
        const all = sizes.flatMap((size, index) => Array<number>(size).fill(index + 10));
        const assembler = new WatchAssembler(10);
        const seen: number[] = [];
        let part: number[] = [];
        all.forEach((revision, index) => {
          part.push(revision);
          const whole = all[index + 1] !== revision;
          // A cut within a revision is only ever between fragments; the last fragment of an answer ends a revision.
          if (!cuts[index % 30] && index + 1 < all.length) return;
          const batch = assembler.accept(...response(part, { fragment: !whole }));
          part = [];
          expect(batch === undefined).toBe(!whole);
          for (const change of batch?.changes ?? []) {
            seen.push(change.kind === 'put' ? change.entry.modRevision : change.modRevision);
          }
          if (batch !== undefined) expect(batch.revision).toBe(seen.at(-1));
        });
        expect(seen).toEqual(all);
      }),
    );
  });

  it('tells puts from deletes', () => {
    const entry = { key: '/4', value: 'é', createRevision: 1, modRevision: 4 };
    expect(new WatchAssembler(3).accept(...response([3, 4]))).toEqual({
      revision: 4,
      changes: [
        { kind: 'delete', key: '/3', modRevision: 3 },
        { kind: 'put', entry },
      ],
    });
  });

  it('says nothing for answers without events', () => {
    expect(new WatchAssembler(1).accept(...response([], { created: true }))).toBeUndefined();
  });

  it('throws when etcd repeats what was seen', () => {
    const assembler = new WatchAssembler(5);
    assembler.accept(...response([5, 6]));
    expect(() => assembler.accept(...response([6]))).toThrow(/revision 6 after revision 6/);
    expect(() => new WatchAssembler(5).accept(...response([4]))).toThrow(/revision 4/);
    expect(() => new WatchAssembler(5).accept(...response([8, 7]))).toThrow(/revision 7/);
  });

  it('throws when the watch is cancelled, with the reason', () => {
    const accept = (more: Partial<Omit<WatchResponse, '$typeName'>>) => () =>
      new WatchAssembler(1).accept(...response([], more));
    expect(accept({ canceled: true, compactRevision: 7n })).toThrow(/up to revision 7 were compacted/);
    expect(accept({ canceled: true, created: true, cancelReason: 'no leader' })).toThrow(/no leader/);
  });
});
