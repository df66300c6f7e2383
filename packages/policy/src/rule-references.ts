import { type Check, referredRules } from './check.js';

/** Which rules refer to which. Each question costs no more than there are references, however long their chains. */
export class RuleReferences {
  readonly #to = new Map<string, readonly string[]>();
  readonly #from = new Map<string, string[]>();
  /** Rules from which a loop may be reached; all others lead to an end. */
  readonly #endless: ReadonlySet<string>;

  /**
   * @param rules by name; null for one that could not be parsed
   * @param fallback the rule that stands for one that is not there
   */
  constructor(rules: Iterable<readonly [name: string, check: Check | null]>, fallback: string) {
    const all = new Map(rules);
    for (const [name, check] of all) {
      const named = check === null ? [] : referredRules(check);
      const referred = [...new Set(named.map((other) => (all.has(other) ? other : fallback)))];
      this.#to.set(name, referred);
      for (const other of referred) {
        const users = this.#from.get(other);
        if (users) users.push(name);
        else this.#from.set(other, [name]);
      }
    }
    this.#endless = this.#withoutEnd();
  }

  /** `names` and all rules that they need. */
  neededBy(names: Iterable<string>): Set<string> {
    return reach(names, (name) => this.#to.get(name) ?? []);
  }

  /** `names` and all rules that need one of them. */
  needing(names: Iterable<string>): Set<string> {
    return reach(names, (name) => this.#from.get(name) ?? []);
  }

  /** The shortest way from a rule back to itself, or null. */
  loopThrough(name: string): string[] | null {
    if (!this.#endless.has(name)) return null;
    const cameFrom = new Map<string, string>();
    const queue = [name];
    // An array's own iterator sees what is added meanwhile.
    for (const at of queue) {
      for (const next of this.#to.get(at) ?? []) {
        if (next === name) return wayTo(at, name, cameFrom);
        if (cameFrom.has(next)) continue;
        cameFrom.set(next, at);
        queue.push(next);
      }
    }
    return null;
  }

  /** What is left when rules that refer to nothing are taken away, again and again (Kahn's algorithm). */
  #withoutEnd(): Set<string> {
    const left = new Map(
      [...this.#to].map(([name, referred]) => [name, referred.filter((to) => this.#to.has(to)).length]),
    );
    const ended = [...left].flatMap(([name, count]) => (count === 0 ? [name] : []));
    for (const name of ended) {
      left.delete(name);
      for (const user of this.#from.get(name) ?? []) {
        const count = (left.get(user) ?? 0) - 1;
        left.set(user, count);
        if (count === 0) ended.push(user);
      }
    }
    return new Set(left.keys());
  }
}

function reach(from: Iterable<string>, next: (name: string) => readonly string[]): Set<string> {
  const seen = new Set(from);
  // A set's own iterator sees what is added meanwhile.
  for (const name of seen) for (const other of next(name)) seen.add(other);
  return seen;
}

/** From `start` by `cameFrom` to `end`, and back to `start`. */
function wayTo(end: string, start: string, cameFrom: ReadonlyMap<string, string>): string[] {
  const way = [start];
  for (let at: string | undefined = end; at !== undefined && at !== start; at = cameFrom.get(at)) way.push(at);
  way.push(start);
  return way.reverse();
}
