import { createHash } from 'node:crypto';
import { badRequest } from '../../errors/neutron-error.js';
import { type JsonObject, resourceToUpdate } from '../../http/request-body.js';
import type { TapRecord } from '../../view/shelf.js';
import { invalidInput, notSpecified } from '../attributes.js';

/** What nobody agrees to: words about the tap, and how its attributes were spelled. All else, also of later releases, is agreed to. */
const notAgreedTo = new Set([
  ...['v', 'name', 'description', 'created_at', 'deleting', 'consent'],
  ...['expires_at_given', 'filter_rules_given', 'directions_given'],
]);

/**
 * What somebody agrees to who agrees to a tap, in short: it differs where anything else would be copied, to elsewhere, or for longer.
 * @returns 64 hexadecimal digits; null for a tap that nobody has to agree to
 */
export function consentTo(record: TapRecord): string | null {
  if (!('consent' in record) || record.consent === undefined) return null;
  const seen = Object.entries(record).filter(([name]) => !notAgreedTo.has(name));
  return createHash('sha256')
    .update(JSON.stringify(sorted(Object.fromEntries(seen))))
    .digest('hex');
}

/** The same whatever the order in which members were written. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([name, each]) => [name, sorted(each)]));
}

/**
 * What the body of an approval says was seen.
 * @param resource the name around it, such as tap_flow @throws NeutronError 400
 */
export function seenConsentTo(json: unknown, resource: string): string {
  const given: JsonObject = resourceToUpdate(json, resource);
  const other = Object.keys(given).find((name) => name !== 'consent_to');
  if (other !== undefined) throw badRequest(`Attribute '${other.slice(0, 64)}' not allowed in an approval`);
  const { consent_to: seen } = given;
  if (seen === undefined) throw notSpecified('consent_to');
  if (seen !== null && typeof seen !== 'string') throw invalidInput('consent_to', 'it is a text, as the tap shows it.');
  return seen ?? '';
}
