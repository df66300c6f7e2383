import type { TapFlowRecord, TapMirrorRecord, TapServiceRecord } from '@taas/model';
import { NeutronError } from '../../errors/neutron-error.js';
import type { ClusterView } from '../../view/cluster-view.js';

/**
 * What stands in the way is on its way out: a DELETE of it was accepted, and its nodes have not confirmed yet. Whoever
 * waits a moment need not refuse.
 */
export class LingeringError extends NeutronError {
  constructor(
    type: string,
    message: string,
    /** Whether the view shows that it is gone. */
    readonly isGone: (view: ClusterView) => boolean,
  ) {
    super(409, type, message, { retryAfterMs: 1_000 });
  }
}

/** Clients know a conflict by its type; the message says that waiting helps. */
export const tunnelLingers = (id: number, isGone: LingeringError['isGone']) =>
  new LingeringError(
    'TapMirrorTunnelConflict',
    `Tunnel_id ${id} is that of a Tap Mirror that is being deleted, and its node has not confirmed yet that it is gone: ` +
      'try again.',
    isGone,
  );

export const collectorLingers = (port: string, isGone: LingeringError['isGone']) =>
  new LingeringError(
    'TapSourceIsCollector',
    `Port ${port} cannot be a source yet: its tap service is being deleted, and its node has not confirmed yet that it is ` +
      'gone: try again.',
    isGone,
  );

export const sourceLingers = (port: string, isGone: LingeringError['isGone']) =>
  new LingeringError(
    'TapServicePortIsSource',
    `Port ${port} cannot be a collector yet: what copies it is being deleted, and its node has not confirmed yet that it ` +
      'is gone: try again.',
    isGone,
  );

export const quotaLingers = (resource: string, isGone: LingeringError['isGone']) =>
  new LingeringError(
    'OverQuota',
    `Quota exceeded for resources: ['${resource}']. Some are being deleted, and count until their nodes have confirmed: ` +
      'try again.',
    isGone,
  );

/** Whether a user has deleted the tap, or what it belongs to. */
export function isLeaving(view: ClusterView, record: TapServiceRecord | TapFlowRecord | TapMirrorRecord): boolean {
  if (record.deleting) return true;
  return 'tap_service_id' in record && view.services.get(record.tap_service_id)?.record?.deleting === true;
}
