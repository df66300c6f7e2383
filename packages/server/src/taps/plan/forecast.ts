import type { ResourceKind } from '@taas/model';
import type { Access } from '../../auth/access.js';
import type { Caller } from '../../auth/authenticator.js';
import { NeutronError, words } from '../../errors/neutron-error.js';
import type { TapRecord } from '../../view/shelf.js';

/**
 * A tap that counts already what the source sends in all directions that are asked for; its statistics, asked for twice, say the rate.
 * @param direction of the tap to be made: IN, OUT or BOTH, or several
 * @returns null if there is none that the caller may read
 */
export function forecastBy(
  access: Access,
  direction: string,
  others: Iterable<{ readonly kind: ResourceKind; readonly record: TapRecord }>,
  caller: Caller,
): { readonly kind: string; readonly id: string } | null {
  const wanted = directionsIn(direction);
  for (const { kind, record } of others) {
    const counted = directionsIn(directionOf(record));
    if (![...wanted].every((each) => counted.has(each)) || !reads(access, kind, record, caller)) continue;
    return { kind: words[kind].resource, id: record.id };
  }
  return null;
}

function directionsIn(direction: string): ReadonlySet<string> {
  const all = direction.split(' ');
  return new Set(all.includes('BOTH') ? ['IN', 'OUT'] : all);
}

function reads(access: Access, kind: ResourceKind, record: TapRecord, caller: Caller): boolean {
  if (!access.sees(kind, record, caller)) return false;
  try {
    access.mayReadStatistics(kind, record, caller);
    return true;
  } catch (error) {
    if (error instanceof NeutronError) return false;
    throw error;
  }
}

/** What of its port a tap copies: IN, OUT, BOTH, or of a mirror several of them; empty for a tap service, which copies nothing itself. */
export function directionOf(record: TapRecord): string {
  if ('direction' in record) return record.direction;
  return 'directions' in record ? Object.keys(record.directions).join(' ') : '';
}
