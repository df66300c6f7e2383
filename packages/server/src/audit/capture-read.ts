import { type AuditEntry, auditCodec, keys } from '@taas/model';
import type { Clock } from '@taas/service';
import type { Store } from '@taas/store';
import type { Behalves } from '../auth/actor.js';
import type { CaptureReading, ReadCapture } from '../captures/capture-desk.js';
import { entryId } from './audited-store.js';

const details: Readonly<Record<CaptureReading, string>> = {
  file: 'the file of the capture is read',
  packets: 'packets of the capture are looked at',
};

export interface CaptureReadDeps {
  readonly store: Pick<Store, 'transact'>;
  readonly behalves: Behalves;
  readonly clock: Clock;
  readonly newId: () => string;
}

/** Tells the trail that somebody takes the file of a capture, or looks at its packets: an entry for each port and direction. @throws StoreError */
export async function tellCaptureRead(
  { store, behalves, clock, newId }: CaptureReadDeps,
  { id, wish: { project_id }, parts }: ReadCapture,
  what: CaptureReading,
): Promise<void> {
  const { actor } = behalves.current;
  const at = clock.now();
  const entries = parts.map(
    ({ flow, port, direction }): AuditEntry => ({
      event: 'read',
      at,
      detail: details[what],
      ...{ user_id: actor?.userId ?? null, project_id: actor?.projectId ?? null, request_id: actor?.requestId ?? null },
      tap: {
        kind: 'tap_flows',
        id: flow,
        project_id,
        port_id: port,
        port_project_id: project_id,
        direction,
        capture_id: id,
      },
    }),
  );
  const put = {
    kind: 'put',
    key: keys.auditEntry(entryId(at, newId())),
    value: auditCodec.format({ v: 1, entries }),
  } as const;
  await store.transact({ compare: [], operations: [put] });
}
