/** One L2 feature as VPP's lists have it: what `show interface features` calls it, and the graph node that does it. */
export interface ListedFeature {
  readonly name: string;
  readonly node: string;
}

/** Reads `NAME:node …`, the lowest bit first. */
export function featureList(text: string): readonly ListedFeature[] {
  return text
    .trim()
    .split(/\s+/)
    .map((each) => {
      const [name = '', node = ''] = each.split(':');
      return { name, node };
    });
}

const bits = 32;

/**
 * Translates bitmaps between the order of features that the engine works with and the one that a release's API speaks: VPP's lists
 * change from release to release, and its bitmaps with them. Bits without a name keep a place of their own.
 */
export class FeatureOrder {
  /** By the engine's bit. */
  readonly #spoken: readonly number[];

  constructor(
    engine: readonly ListedFeature[],
    readonly listed: readonly ListedFeature[],
  ) {
    const spoken = engine.map(({ name }) => listed.findIndex((each) => each.name === name));
    const free = Array.from({ length: bits }, (_, bit) => bit).filter((bit) => !spoken.includes(bit));
    this.#spoken = Array.from({ length: bits }, (_, bit) => {
      const named = spoken[bit] ?? -1;
      return named >= 0 ? named : (free.shift() ?? 0);
    });
  }

  speak(bitmap: number): number {
    let spoken = 0;
    for (const [bit, to] of this.#spoken.entries()) if ((bitmap & (1 << bit)) !== 0) spoken |= 1 << to;
    return spoken >>> 0;
  }

  hear(spoken: number): number {
    let bitmap = 0;
    for (const [bit, to] of this.#spoken.entries()) if ((spoken & (1 << to)) !== 0) bitmap |= 1 << bit;
    return bitmap >>> 0;
  }

  /** As VPP prints them: the highest bit first, and what drops what nothing else took is no feature. */
  print(bitmap: number): string {
    if (bitmap === 0) return '  none configured';
    const spoken = this.speak(bitmap);
    return this.listed
      .map((feature, bit) => ({ ...feature, bit }))
      .filter(({ name, bit }) => name !== 'DROP' && (spoken & (1 << bit)) !== 0)
      .reverse()
      .map(({ name, node }) => `${name.padStart(17)} (${node})\n`)
      .join('');
  }
}
