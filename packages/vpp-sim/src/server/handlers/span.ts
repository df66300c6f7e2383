import type { FieldValues } from 'vpp-api';
import type { Engine } from '../../engine/engine.js';
import { dump, type Handlers, write } from '../handler.js';

/** SPAN. Indices are not checked: VPP does not either. */
export const spanHandlers: Handlers = {
  sw_interface_span_enable_disable: write((fields, { engine }) => {
    const to = fields.number('sw_if_index_to');
    engine.span.set(fields.number('sw_if_index_from'), to, fields.number('state'), fields.flag('is_l2'));
    return undefined;
  }),
  sw_interface_span_dump: dump((fields, { engine }) => rows(engine, fields.flag('is_l2'))),
};

function* rows(engine: Engine, isL2: boolean): Generator<FieldValues> {
  for (const { from, to, state } of engine.span.rows(isL2))
    yield { sw_if_index_from: from, sw_if_index_to: to, state, is_l2: isL2 };
}
