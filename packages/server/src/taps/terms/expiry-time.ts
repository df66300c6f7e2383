import { isoTime } from '../../http/iso-time.js';
import type { ClusterView } from '../../view/cluster-view.js';
import type { TapRecord } from '../../view/shelf.js';

/** When the time of a tap is over, in ms since 1970. */
export interface ExpiryTime {
  readonly at: number;
  /** Whose `expires_at` that is: a flow goes with its tap service. */
  readonly of: 'tap' | 'tap service';
}

/** The end of a tap: its own, or that of its tap service if that comes first; undefined for a tap that stays. */
export function expiryTime({ services }: Pick<ClusterView, 'services'>, record: TapRecord): ExpiryTime | undefined {
  const own: ExpiryTime | undefined =
    record.expires_at === undefined ? undefined : { at: record.expires_at, of: 'tap' };
  const service = 'tap_service_id' in record ? services.get(record.tap_service_id)?.record?.expires_at : undefined;
  if (service === undefined || (own && own.at <= service)) return own;
  return { at: service, of: 'tap service' };
}

/** For people. */
export const sentenceOf = ({ at, of }: ExpiryTime): string =>
  of === 'tap' ? `it ends at ${isoTime(at)}` : `it ends with its tap service at ${isoTime(at)}`;
