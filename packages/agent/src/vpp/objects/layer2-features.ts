import type { L2Features, Layer2FeaturesStep, VppSnapshot } from '@taas/wiring';
import { VppRetvalError } from 'vpp-api';
import { Alternatives, handler } from '../alternatives.js';
import { type FeatureBits, featuresOf, isInLayer2, outputLines, showFeatures, showMode } from '../feature-bits.js';
import { isGone } from '../is-gone.js';
import type { Vpp } from '../vpp-messages.js';
import { nothing, type ReadContext, type SendContext, type Twin } from './twin.js';

/** VPP's L2_LEARN, L2_FWD, L2_FLOOD and L2_UU_FLOOD in `l2_flags` (src/vnet/l2/l2_bd.h): not bits of features, and they do not move. */
export const forwardingFlags = { inputLearn: 1, inputForward: 2, inputFlood: 4, inputUuFlood: 8 } as const;
const allFlags = 15;

const setFlags = ({ vpp }: SendContext, index: number, isSet: boolean) =>
  vpp.request('l2_flags', { sw_if_index: index, is_set: isSet, feature_bitmap: allFlags });

interface FeatureReading {
  /** @throws VppRetvalError for an interface that is not there; where VPP tells, also for one that is not in layer 2 */
  read(index: number, bits: FeatureBits, snapshot: VppSnapshot): Promise<L2Features>;
}

/** From 26.06 on; before, where VPP tells the bits of the input by setting none, and of the output only people are told. */
export const layer2Features = new Alternatives<FeatureReading>('features of layer 2', [
  handler(['l2_flags_get'], (vpp) => ({
    read: async (index, bits) => {
      const reply = await vpp.request('l2_flags_get', { sw_if_index: index });
      const span = 'bit' in bits.outputSpan ? bits.outputSpan.bit : 0;
      return featuresOf(reply.input_feature_bitmap, (reply.output_feature_bitmap & span) !== 0, bits);
    },
  })),
  handler([], (vpp) => ({
    read: async (index, bits, snapshot) => {
      const bitmap = await inputBitmap(vpp, index);
      if (!isInLayer2(bitmap, bits)) return null;
      return featuresOf(bitmap, await isOutputMirrored(vpp, index, bits, snapshot), bits);
    },
  })),
]);

/** VPP's bitmap of what happens to what an interface receives. */
export async function inputBitmap(vpp: Vpp, index: number): Promise<number> {
  const reply = await vpp.request('l2_flags', { sw_if_index: index, is_set: true, feature_bitmap: 0 });
  return reply.resulting_feature_bitmap;
}

/** Whether VPP says in words that an interface is in layer 3. Anything else is no answer. */
async function isInLayer3(vpp: Vpp, name: string): Promise<boolean> {
  const command = showMode(name);
  if (command === null) return false;
  try {
    const { reply } = await vpp.request('cli_inband', { cmd: command });
    return reply.split('\n').some((line) => line.trim() === `l3 ${name}`);
  } catch (error) {
    if (error instanceof VppRetvalError) return false;
    throw error;
  }
}

/** Printed by the command line only: asked of those alone of which the table of mirrors says that their output is mirrored. */
async function isOutputMirrored(vpp: Vpp, index: number, bits: FeatureBits, snapshot: VppSnapshot): Promise<boolean> {
  if (!('line' in bits.outputSpan)) return false;
  if (!snapshot.spans.from(index).some(({ state }) => (state & 2) !== 0)) return false;
  const command = showFeatures(snapshot.interfaces.get(index)?.name ?? '');
  if (command === null) return false;
  const { reply } = await vpp.request('cli_inband', { cmd: command });
  return outputLines(reply)?.includes(bits.outputSpan.line) === true;
}

/** Which interfaces' features matter is known when taps are planned: those are read then, and no others. */
export const layer2FeaturesTwin: Twin<Layer2FeaturesStep> = {
  send: {
    'block-ingress': (s, context) => setFlags(context, context.at(s.at), false),
    'unblock-ingress': (s, context) => setFlags(context, context.at(s.at), true),
  },
  needs: [layer2Features],
  readAll: nothing,
  readsLast: false,
  readTouched: nothing,
  readTagged: nothing,
  readOn: async (context, index) => {
    await readFeatures(context, index);
  },
};

/**
 * Before it is known which bit means what nothing is known of an interface but whether it is in layer 2 at all, and nothing is
 * planned. That much is needed all the same: an uplink of which it is not known keeps copies of the whole cloud off its network.
 * @returns null; or why VPP does not say it: what is known of the interface is of before then, and nobody may plan with that
 */
export async function readFeatures(
  { vpp, snapshot, bits, contained }: ReadContext,
  index: number,
): Promise<string | null> {
  if (bits === null) {
    if (await isInLayer3(vpp, snapshot.interfaces.get(index)?.name ?? '')) snapshot.features.put(index, null);
    else snapshot.features.delete(index);
    return null;
  }
  try {
    snapshot.features.put(index, await layer2Features.of(vpp).read(index, bits, snapshot));
  } catch (error) {
    // VPP's answer for an interface that is neither bridged nor cross-connected, and for one that is not there.
    if (isGone(error)) {
      snapshot.features.put(index, null);
      return null;
    }
    contained.note(`the features of interface ${index}`, error);
    return error instanceof Error ? error.message : String(error);
  }
  return null;
}
