import type { FieldValues } from 'vpp-api';
import type { Engine } from '../../engine/engine.js';
import { NO_INDEX } from '../../engine/interface.js';
import type { Policer, PolicerAction, PolicerSpec } from '../../engine/policer-table.js';
import type { Fields } from '../fields.js';
import { dump, type Handlers, write } from '../handler.js';

const L2 = 2;

/** Policers, and the classifier tables that name them, at layer 2. */
export const policerHandlers: Handlers = {
  policer_add: write(
    (fields, { engine }) => {
      const { index } = engine.policers.add(fields.text('name'), specOf(fields.struct('infos')));
      return { policer_index: index };
    },
    { policer_index: NO_INDEX },
  ),
  policer_update: write((fields, { engine }) => {
    engine.policers.update(fields.number('policer_index'), specOf(fields.struct('infos')));
    return undefined;
  }),
  policer_add_del: write(
    (fields, { engine }) => {
      const name = fields.text('name');
      if (fields.flag('is_add')) return { policer_index: engine.policers.add(name, specOf(fields)).index };
      engine.policers.delete(name);
      return { policer_index: NO_INDEX };
    },
    { policer_index: NO_INDEX },
  ),
  policer_dump_v2: dump((fields, { engine }) => {
    const index = fields.number('policer_index');
    const found = index === NO_INDEX ? engine.policers.all() : [engine.policers.find(index)];
    return found.flatMap((policer) => (policer === undefined ? [] : [detailsOf(policer)]));
  }),
  policer_classify_set_interface: write((fields, { engine }) => {
    const { swIfIndex } = engine.interfaces.get(fields.number('sw_if_index'));
    const table = fields.number('l2_table_index');
    if (table === NO_INDEX) return undefined;
    if (fields.flag('is_add')) engine.policing.apply(swIfIndex, table);
    else engine.policing.withdraw(swIfIndex, table);
    return undefined;
  }),
  policer_classify_dump: dump((fields, { engine }) => policingDetails(engine, fields)),
};

/** VPP lists all for interface 0 and none for "all"; for any other it reads beyond its table, and dies. */
function policingDetails(engine: Engine, fields: Fields): FieldValues[] {
  if (fields.number('type') !== L2 || fields.number('sw_if_index') !== 0) return [];
  return engine.policing.applied().map(([sw_if_index, table_index]) => ({ sw_if_index, table_index }));
}

function specOf(fields: Fields): PolicerSpec {
  return {
    cir: fields.number('cir'),
    eir: fields.number('eir'),
    cb: fields.long('cb'),
    eb: fields.long('eb'),
    rateType: fields.number('rate_type'),
    roundType: fields.number('round_type'),
    type: fields.number('type'),
    colorAware: fields.flag('color_aware'),
    actions: {
      conform: actionOf(fields.struct('conform_action')),
      exceed: actionOf(fields.struct('exceed_action')),
      violate: actionOf(fields.struct('violate_action')),
    },
  };
}

function actionOf(fields: Fields): PolicerAction {
  return { type: fields.number('type'), dscp: fields.number('dscp') };
}

/** The bucket in bytes: VPP scales it by the speed of its processor. */
function detailsOf({ name, spec, bucket }: Policer): FieldValues {
  return {
    name,
    cir: spec.cir,
    eir: spec.eir,
    cb: spec.cb,
    eb: spec.eb,
    rate_type: spec.rateType,
    round_type: spec.roundType,
    type: spec.type,
    color_aware: spec.colorAware,
    conform_action: spec.actions.conform,
    exceed_action: spec.actions.exceed,
    violate_action: spec.actions.violate,
    single_rate: true,
    scale: 0,
    cir_tokens_per_period: 0,
    pir_tokens_per_period: 1,
    current_limit: Number(spec.cb),
    current_bucket: Math.floor(bucket),
    extended_limit: 0,
    extended_bucket: 0,
    last_update_time: 0n,
  };
}
