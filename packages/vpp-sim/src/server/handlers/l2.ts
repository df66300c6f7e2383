import type { FieldValues } from 'vpp-api';
import type { Engine } from '../../engine/engine.js';
import { featuresOfFlags } from '../../engine/l2-features.js';
import { dump, type Handlers, read, write } from '../handler.js';

/** Cross-connects, and the feature bits of interfaces in L2 mode. */
export const l2Handlers: Handlers = {
  sw_interface_set_l2_xconnect: write((fields, { engine }) => {
    const from = fields.number('rx_sw_if_index');
    if (fields.flag('enable')) engine.crossConnect(from, fields.number('tx_sw_if_index'));
    else engine.setL3(from);
    return undefined;
  }),
  l2_xconnect_dump: dump((_fields, { engine }) => crossConnects(engine)),
  // Works in any mode, and answers with all bits of the interface, not only those it can set.
  l2_flags: write(
    (fields, { engine, api }) => {
      const config = engine.l2.at(engine.interfaces.get(fields.number('sw_if_index')).swIfIndex);
      const features = featuresOfFlags(fields.number('feature_bitmap'), false);
      config.inputFeatures = fields.flag('is_set') ? config.inputFeatures | features : config.inputFeatures & ~features;
      return { resulting_feature_bitmap: api.input.speak(config.inputFeatures) };
    },
    { resulting_feature_bitmap: 0 },
    (fields) => fields.number('feature_bitmap') !== 0,
  ),
  l2_flags_get: read(
    (fields, { engine, api }) => {
      const { input, output } = engine.featureBits(fields.number('sw_if_index'));
      return { input_feature_bitmap: api.input.speak(input), output_feature_bitmap: api.output.speak(output) };
    },
    { input_feature_bitmap: 0, output_feature_bitmap: 0 },
  ),
  l2_flags_set: write((fields, { engine, api }) => {
    const index = fields.number('sw_if_index');
    const bits = engine.featureBits(index);
    const set = fields.flag('is_set');
    const config = engine.l2.at(index);
    config.inputFeatures = changed(bits.input, api.input.hear(fields.number('input_feature_bitmap')), set);
    config.outputFeatures = changed(bits.output, api.output.hear(fields.number('output_feature_bitmap')), set);
    return undefined;
  }),
};

function changed(bits: number, change: number, set: boolean): number {
  return set ? bits | change : bits & ~change;
}

function* crossConnects(engine: Engine): Generator<FieldValues> {
  for (const config of engine.l2.all())
    if (config.mode === 'xconnect') yield { rx_sw_if_index: config.swIfIndex, tx_sw_if_index: config.xconnectTo };
}
