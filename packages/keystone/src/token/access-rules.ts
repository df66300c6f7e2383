import { longestPattern, PathPattern } from './path-pattern.js';
import type { AccessRule, TokenInfo } from './token-info.js';

export interface RequestFacts {
  /** The service's type in the catalog: `network`. */
  readonly service: string;
  readonly method: string;
  /** The path as the client sent it, without query: what keystonemiddleware compares. */
  readonly path: string;
}

/** Rules that are tried for one request, the first ones: a credential with more is no person's. */
export const mostRules = 500;

/**
 * Whether an application credential with access rules allows the request; true for all other tokens. A no is a 401, as
 * keystonemiddleware answers it. What is out of bounds (a rule too long, rules beyond {@link mostRules}, a path too long)
 * allows nothing.
 */
export function accessRulesAllow(info: TokenInfo, request: RequestFacts): boolean {
  const rules = info.applicationCredential?.accessRules ?? null;
  if (rules === null) return true;
  const paths = new Set(rules.slice(0, mostRules).flatMap((rule) => (concerns(rule, request) ? [rule.path] : [])));
  for (const path of paths) if (new PathPattern(path).matches(request.path)) return true;
  return false;
}

const concerns = ({ service, method, path }: AccessRule, request: RequestFacts): boolean =>
  service === request.service && method === request.method && path.length <= longestPattern;
