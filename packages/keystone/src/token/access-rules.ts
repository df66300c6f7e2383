import type { TokenInfo } from './token-info.js';

export interface RequestFacts {
  /** The service's type in the catalog: `network`. */
  readonly service: string;
  readonly method: string;
  /** The path as the client sent it, without query: what keystonemiddleware compares. */
  readonly path: string;
}

/**
 * Whether an application credential with access rules allows the request; true for all other tokens. A no is a 401, as
 * keystonemiddleware answers it.
 */
export function accessRulesAllow(info: TokenInfo, request: RequestFacts): boolean {
  const rules = info.applicationCredential?.accessRules ?? null;
  return (
    rules === null ||
    rules.some(
      (rule) =>
        rule.service === request.service && rule.method === request.method && matchesPath(rule.path, request.path),
    )
  );
}

/** One step of a pattern: characters that fit it, and whether it takes any number of them or just one. */
interface Step {
  readonly fits: (character: string) => boolean;
  readonly repeats: boolean;
}

const notSlash = (character: string): boolean => character !== '/';

function stepsOf(pattern: string): Step[] {
  return [...pattern.matchAll(/\{[^}]*\}|\*\*|\*|./gs)].flatMap(([part]): Step[] => {
    if (part === '**') return [{ fits: () => true, repeats: true }];
    if (part === '*' || part.length > 1) {
      return [
        { fits: notSlash, repeats: false },
        { fits: notSlash, repeats: true },
      ];
    }
    return [{ fits: (character) => character === part, repeats: false }];
  });
}

/** Follows all ways through the pattern at once: users write patterns, and a regular expression of theirs could hang us. */
function matchesPath(pattern: string, path: string): boolean {
  const steps = stepsOf(pattern);
  const withSkips = (places: Iterable<number>): Set<number> => {
    const reached = new Set<number>();
    for (let place of places) {
      reached.add(place);
      while (steps[place]?.repeats) reached.add(++place);
    }
    return reached;
  };
  let places = withSkips([0]);
  for (const character of path) {
    const next: number[] = [];
    for (const place of places) {
      const step = steps[place];
      if (step?.fits(character)) next.push(step.repeats ? place : place + 1);
    }
    places = withSkips(next);
  }
  return places.has(steps.length);
}
