import type { BridgeDomain } from './bridge-domain.js';
import { NO_INDEX } from './interface.js';
import { INPUT } from './l2-features.js';
import type { TagRewrite } from './tag-rewrite.js';

/**
 * The L2 side of an index. VPP keeps it in a vector by sw_if_index, apart from the interfaces, and leaving L2 mode is
 * all that clears it: what is set on an index that is not in L2 mode waits there, even for another interface.
 */
export interface L2Config {
  mode: 'l3' | 'bridge' | 'xconnect';
  bd: BridgeDomain | undefined;
  /** What its last bridge domain let through: see `governingFeatures`. */
  lastBdFeatures: number;
  isBvi: boolean;
  shg: number;
  /** Where a cross-connect sends. */
  xconnectTo: number;
  /** Whether the output side knows where to send: so from joining or cross-connecting until leaving L2 mode. */
  hasOutput: boolean;
  inputFeatures: number;
  outputFeatures: number;
  rewrite: TagRewrite | undefined;
  readonly swIfIndex: number;
}

/** The L2 configurations by sw_if_index; one is made when first asked for, as in VPP. */
export class L2ConfigTable {
  readonly #byIndex: (L2Config | undefined)[] = [];

  find(swIfIndex: number): L2Config | undefined {
    return this.#byIndex[swIfIndex];
  }

  at(swIfIndex: number): L2Config {
    const found = this.#byIndex[swIfIndex];
    if (found !== undefined) return found;
    const created: L2Config = {
      mode: 'l3',
      bd: undefined,
      lastBdFeatures: 0,
      isBvi: false,
      shg: 0,
      xconnectTo: NO_INDEX,
      hasOutput: false,
      inputFeatures: 0,
      outputFeatures: 0,
      rewrite: undefined,
      swIfIndex,
    };
    this.#byIndex[swIfIndex] = created;
    return created;
  }

  isL2(swIfIndex: number): boolean {
    const found = this.#byIndex[swIfIndex];
    return found !== undefined && found.mode !== 'l3';
  }

  *all(): Generator<L2Config> {
    for (const config of this.#byIndex) if (config !== undefined) yield config;
  }
}

/**
 * The features that the bridge domain lets an interface use. VPP keeps them with each interface and brings up to date those
 * of members alone: one that takes unknown unicast is no member, and goes by what it was last told as a member.
 */
export function governingFeatures(config: L2Config): number {
  if (config.mode !== 'bridge' || config.bd === undefined) return ~0;
  return config.bd.members.has(config.swIfIndex) ? config.bd.features : config.lastBdFeatures;
}

/** Leaves L2 mode: every feature bit, the tag rewrite and the split-horizon group go. SPAN's table is not told. */
export function clearL2(config: L2Config): void {
  config.mode = 'l3';
  config.bd = undefined;
  config.isBvi = false;
  config.shg = 0;
  config.xconnectTo = NO_INDEX;
  config.hasOutput = false;
  config.inputFeatures = INPUT.DROP;
  config.outputFeatures = 0;
  config.rewrite = undefined;
}
