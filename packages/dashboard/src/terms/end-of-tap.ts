import type { AnyTap, TapService } from '../api/shapes.js';
import { dateAndTime } from '../parts/format.js';

/** When a tap ends, and whose end that is: a flow goes with its tap service. */
export interface EndOfTap {
  readonly at: string;
  readonly of: 'tap' | 'tap service';
}

/** Null for a tap that stays. @param services those that are known, by id */
export function endOfTap(
  { expires_at: own, tap_service_id: id = '' }: Pick<AnyTap, 'expires_at'> & { readonly tap_service_id?: string },
  services: ReadonlyMap<string, Pick<TapService, 'expires_at'>>,
): EndOfTap | null {
  const service = services.get(id)?.expires_at ?? null;
  if (service === null || (own !== null && Date.parse(own) <= Date.parse(service)))
    return own === null ? null : { at: own, of: 'tap' };
  return { at: service, of: 'tap service' };
}

export const endText = (end: EndOfTap | null): string =>
  end === null ? 'It has no end.' : `It ends ${end.of === 'tap' ? '' : 'with its tap service '}${dateAndTime(end.at)}.`;
