import { featureBits, type L2Features } from '@taas/wiring';

/** The features of an interface's input that the agent asks about, by our own bits. */
export type InputFeature = Exclude<keyof typeof featureBits, 'outputSpan'>;

/**
 * What a VPP's bitmaps of layer 2 features say. They are numbers of VPP's own list of features, which moves from release to
 * release without any message changing: so this is found out at each VPP (`learn-feature-bits.ts`), and never assumed.
 */
export interface FeatureBits {
  /** VPP's bit of each feature of the input. One that this VPP cannot have is not there. */
  readonly input: ReadonlyMap<InputFeature, number>;
  /** Bits that may be set while an interface is in no bridge domain and not cross-connected. */
  readonly anywhere: number;
  /** How a mirror of the output shows: as a bit, or, where no message tells, as a line that the command line prints. */
  readonly outputSpan: { readonly bit: number } | { readonly line: string };
}

/** Which bit means what cannot be found out; the message is for the operator. */
export class FeatureBitsError extends Error {
  override readonly name = 'FeatureBitsError';
}

/** VPP's bitmap of an interface's input in our own bits. */
export function inputOf(bitmap: number, { input }: FeatureBits): number {
  let ours = 0;
  for (const [feature, bit] of input) if ((bitmap & bit) !== 0) ours |= featureBits[feature];
  return ours;
}

/** @param out whether the output is mirrored */
export function featuresOf(bitmap: number, out: boolean, bits: FeatureBits): L2Features {
  return { input: inputOf(bitmap, bits), output: out ? featureBits.outputSpan : 0 };
}

/**
 * Whether an interface with this bitmap is in layer 2: a member of a bridge domain has bits that nothing else sets, one for
 * frames to nobody known among them, and a cross-connected one has one of its own (vnet/l2/l2_input.c, set_int_l2_mode).
 */
export function isInLayer2(bitmap: number, { anywhere }: FeatureBits): boolean {
  return (bitmap & ~anywhere) !== 0;
}

/** The features of an interface's output, line by line, in what `show interface features` prints; null if it prints none. */
export function outputLines(shown: string): readonly string[] | null {
  const lines = shown.split('\n').map((line) => line.trim());
  const start = lines.indexOf('l2-output:');
  return start < 0 ? null : lines.slice(start + 1).filter((line) => line !== '');
}

/** The command that prints them. @returns null for a name that VPP's command line would not read as one */
export function showFeatures(name: string): string | null {
  return isWord(name) ? `show interface features ${name}` : null;
}

/** The command that prints whether an interface is in a bridge domain, cross-connected or in layer 3; null likewise. */
export function showMode(name: string): string | null {
  return isWord(name) ? `show mode ${name}` : null;
}

const isWord = (name: string): boolean => /^[\w./:-]+$/.test(name);
