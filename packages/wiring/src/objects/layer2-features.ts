import { nameOf, type Ref, type VppObject } from './object.js';
import { Table, type ViewOf } from './table.js';

export type Layer2FeaturesStep =
  /** Frames that come in by this interface go nowhere; what is sent out by it is not concerned. */
  { readonly kind: 'block-ingress'; readonly at: Ref } | { readonly kind: 'unblock-ingress'; readonly at: Ref };

/** The L2 feature bitmaps of l2_flags_get; null where the interface is in no bridge domain and no cross-connect. */
export type L2Features = { readonly input: number; readonly output: number } | null;

/** Bits of {@link L2Features} (VPP's vnet/l2/l2_input.h and l2_output.h). */
export const featureBits = {
  inputFlood: 1 << 2,
  inputUuFlood: 1 << 5,
  inputForward: 1 << 7,
  inputLearn: 1 << 9,
  /** Classifier tables of ours: what VPP calls the input ACL of an interface. */
  inputClassifier: 1 << 14,
  /** Policers by classifier tables. */
  inputPolicer: 1 << 16,
  /** The ACL plugin's. */
  inputAcl: 1 << 17,
  inputSpan: 1 << 19,
  outputSpan: 1 << 1,
} as const;

/** Features that let a frame which came in by an interface go on to another member of the bridge domain. */
export const forwardingBits =
  featureBits.inputFlood | featureBits.inputUuFlood | featureBits.inputForward | featureBits.inputLearn;

export interface Layer2FeaturesTables {
  /** By interface; not there: not read yet. */
  readonly features: Table<number, L2Features>;
}

const watchedInput =
  forwardingBits |
  featureBits.inputSpan |
  featureBits.inputAcl |
  featureBits.inputClassifier |
  featureBits.inputPolicer;

function fingerprint(index: number, { features }: ViewOf<Layer2FeaturesTables>): readonly unknown[] {
  const bits = features.get(index);
  return [bits ? `${bits.input & watchedInput} ${bits.output & featureBits.outputSpan}` : 'none'];
}

/** What VPP does with frames in layer 2, interface by interface. */
export const layer2FeaturesObject: VppObject<Layer2FeaturesStep, Layer2FeaturesTables> = {
  steps: {
    'block-ingress': {
      describe: (s) => `drop what comes in by ${nameOf(s.at)}`,
      undo: () => null,
      waits: false,
      refs: (s) => [s.at],
      touches: (s) => ({ interfaces: [s.at] }),
    },
    'unblock-ingress': {
      describe: (s) => `let in what comes by ${nameOf(s.at)}`,
      undo: (s) => ({ kind: 'block-ingress', at: s.at }),
      waits: false,
      refs: (s) => [s.at],
      touches: (s) => ({ interfaces: [s.at] }),
    },
  },
  tables: () => ({ features: new Table({}) }),
  follow: ({ features }, { index, now }) => {
    if (!now) features.delete(index);
  },
  withdraw: () => [],
  deletion: null,
  fingerprint: { tagged: () => [], on: fingerprint, source: fingerprint },
};
