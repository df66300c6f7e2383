import type { OptionalMessage, SpeaksAlso, Vpp } from './vpp-messages.js';

/** One way of doing a thing on VPPs that have some messages. */
export interface Handler<H> {
  /** All messages that it needs and that a VPP may lack. */
  readonly needs: readonly OptionalMessage[];
  /** Only called with a VPP that has them. */
  readonly on: (vpp: Vpp) => H;
}

/** @param needs what it may ask beside what every VPP has: asking anything else does not compile */
export function handler<const N extends OptionalMessage, H>(
  needs: readonly N[],
  on: (vpp: SpeaksAlso<N>) => H,
): Handler<H> {
  // Safe: it is called with a VPP that has what it needs, and every connection can ask all of the agent's messages.
  return { needs, on: on as unknown as Handler<H>['on'] };
}

/** A VPP lacks what a step needs, and will not get it: no answer of VPP, and yet certain. */
export class LacksError extends Error {
  override readonly name = 'LacksError';
}

type Has = (message: OptionalMessage) => boolean;

/**
 * The ways of doing one thing, the best first, as VPP's releases have it. Which one is used is found out by what a VPP has, never
 * by what it calls itself.
 */
export class Alternatives<H> {
  constructor(
    /** What it is for, for people. */
    readonly what: string,
    private readonly handlers: readonly Handler<H>[],
  ) {}

  /** Whether a VPP has all that one of them needs. */
  isOn(vpp: { has(message: OptionalMessage): boolean }): boolean {
    return this.#find((message) => vpp.has(message)) !== undefined;
  }

  /** @throws LacksError if this VPP has none of them */
  of(vpp: Vpp): H {
    const found = this.#find((message) => vpp.has(message));
    if (!found) throw new LacksError(this.missing((message) => vpp.has(message), vpp.version.version));
    return found.on(vpp);
  }

  /** What is missing, in one sentence. @param version of the VPP, for people */
  missing(has: Has, version = 'this VPP'): string {
    const ways = this.handlers.map(({ needs }) => needs.filter((message) => !has(message)).join(', '));
    return `${this.what}: ${version} has none of what could do it (missing: ${ways.join('; or ')})`;
  }

  #find(has: Has): Handler<H> | undefined {
    return this.handlers.find(({ needs }) => needs.every(has));
  }
}

/** One sentence for each thing that a VPP must be able to do, one way or another, and cannot. */
export function lacking(needed: readonly Alternatives<unknown>[], has: Has): string[] {
  return needed.filter((each) => !each.isOn({ has })).map((each) => each.missing(has));
}
