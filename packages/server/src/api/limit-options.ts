import { group } from '@taas/service';
import Type, { type Static } from 'typebox';
import { type ApiLimits, defaultLimits } from './api-limits.js';

/** What one request may cost. */
export const limitOptions = group(
  {
    body_bytes: Type.Integer({
      default: 512 * 1024,
      minimum: 1024,
      maximum: 1024 * 1024,
      description: 'Largest request body, in bytes.',
    }),
    bulk_items: Type.Integer({
      default: 128,
      minimum: 1,
      maximum: 128,
      description: 'Most resources that one request may create.',
    }),
    page_items: Type.Integer({
      default: 1000,
      minimum: 0,
      maximum: 100_000,
      description:
        "Most resources on one page of a list, Neutron's pagination_max_limit; what follows is linked; 0 for no limit.",
    }),
    project_lists: Type.Integer({
      default: 8,
      minimum: 1,
      maximum: 1000,
      description: 'Lists of one project that are put together, or sent, at a time; 8 times as many may wait.',
    }),
    header_bytes: Type.Integer({
      default: 16 * 1024,
      minimum: 8192,
      maximum: 128 * 1024,
      description: 'All headers of a request, in bytes.',
    }),
    body_depth: Type.Integer({
      default: 32,
      minimum: 4,
      maximum: 1000,
      description: "How deep a request body's JSON may nest, in levels.",
    }),
    request_ms: Type.Integer({
      default: 30_000,
      minimum: 1000,
      maximum: 600_000,
      description: 'Time for a request to arrive whole, and to be answered, in milliseconds.',
    }),
    catch_up_ms: Type.Integer({
      default: 5000,
      minimum: 100,
      maximum: 60_000,
      description: 'Time that a request may wait for this replica to catch up with etcd, in milliseconds.',
    }),
  },
  'What one request may cost.',
);

export function apiLimits(given: Static<typeof limitOptions>): ApiLimits {
  return {
    ...defaultLimits,
    ...{ bodyBytes: given.body_bytes, bodyDepth: given.body_depth, bulkItems: given.bulk_items },
    ...{ headerBytes: given.header_bytes, requestMs: given.request_ms, catchUpMs: given.catch_up_ms },
    ...{ pageItems: given.page_items, projectLists: given.project_lists },
  };
}
