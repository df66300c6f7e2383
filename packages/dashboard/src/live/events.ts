import { isFields } from '../api/ask.js';
import type { Changed } from '../taps/tap-store.js';

/** Where events come from. @param last the id of the last one that was had; null for none */
export const eventPath = (last: string | null): string =>
  `api/v2.0/taas/events${last === null ? '' : `?since=${encodeURIComponent(last)}`}`;

/** What an event of changes tells; what is not as it should be tells nothing. */
export function readChanged(data: string): Changed {
  const read: unknown = JSON.parse(data);
  const fields = isFields(read) ? read : {};
  const list = <T>(name: string): readonly T[] => (Array.isArray(fields[name]) ? (fields[name] as readonly T[]) : []);
  return {
    tap_services: list('tap_services'),
    tap_flows: list('tap_flows'),
    tap_mirrors: list('tap_mirrors'),
    gone: list('gone'),
  };
}
