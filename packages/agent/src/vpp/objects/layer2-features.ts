import type { Layer2FeaturesStep } from '@taas/wiring';
import { VppRetvalError } from 'vpp-api';
import { nothing, type ReadContext, type SendContext, type Twin } from './twin.js';

/** VPP's L2_LEARN, L2_FWD, L2_FLOOD and L2_UU_FLOOD in `l2_flags` (src/vnet/l2/l2_bd.h). */
const forwardingFlags = 15;

const setFlags = ({ vpp }: SendContext, index: number, isSet: boolean) =>
  vpp.request('l2_flags', { sw_if_index: index, is_set: isSet, feature_bitmap: forwardingFlags });

/** Which interfaces' features matter is known when taps are planned: those are read then, and no others. */
export const layer2FeaturesTwin: Twin<Layer2FeaturesStep> = {
  send: {
    mute: (s, context) => setFlags(context, context.at(s.at), false),
    unmute: (s, context) => setFlags(context, context.at(s.at), true),
  },
  readAll: nothing,
  readsLast: false,
  readTouched: nothing,
  readTagged: nothing,
  readOn: readFeatures,
};

export async function readFeatures({ vpp, snapshot }: ReadContext, index: number): Promise<void> {
  try {
    const reply = await vpp.request('l2_flags_get', { sw_if_index: index });
    snapshot.features.put(index, { input: reply.input_feature_bitmap, output: reply.output_feature_bitmap });
  } catch (error) {
    // VPP's answer for an interface that is neither bridged nor cross-connected, and for one that is not there.
    if (!(error instanceof VppRetvalError)) throw error;
    snapshot.features.put(index, null);
  }
}
