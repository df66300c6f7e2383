import { neutronPath } from '@taas/gateway';
import { requestTarget } from '../http/request-target.js';

/** Below it is the API, as the page asks it. */
const prefix = '/dashboard/api';

/** What of Neutron's the page picks ports from; to look at, one collection or one of it. */
const readable: ReadonlySet<string> = new Set(['ports', 'networks']);

/**
 * The API's own URL for one of the page's; null for what the page has no business with, so that a script that got into it would
 * not have either.
 */
export function apiUrl(method: string, url: string): string | null {
  if (!url.startsWith(`${prefix}/`)) return null;
  const target = url.slice(prefix.length);
  const named = requestTarget(target);
  switch (named.is) {
    case 'resource':
    case 'statistics':
    case 'plan':
    case 'events':
    case 'captures':
    case 'tapped-ports':
    case 'audit':
    case 'nodes':
      return target;
    case 'approval':
      return method === 'PUT' ? target : null;
    case 'quotas':
      return method === 'GET' ? target : null;
    case 'other': {
      const [version, collection = '', ...id] = neutronPath(target) ?? [];
      return method === 'GET' && version === 'v2.0' && readable.has(collection) && id.length <= 1 ? target : null;
    }
    case 'index':
    case 'extensions':
    case 'openapi':
    case 'unknown':
    case 'outside':
      return null;
    default:
      return named satisfies never;
  }
}

/** Whether a page goes on asking this by itself, or holds it open: it says nothing of a person. EventSource cannot say so in a header. */
export function isOfThePage(target: string): boolean {
  const named = requestTarget(target);
  return named.is === 'events' || (named.is === 'captures' && (named.part === 'stream' || named.part === 'packets'));
}
