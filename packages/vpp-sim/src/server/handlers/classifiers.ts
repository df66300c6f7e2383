import type { FieldValues } from 'vpp-api';
import type { Engine } from '../../engine/engine.js';
import { NO_INDEX } from '../../engine/interface.js';
import { EngineError } from '../../engine/retval.js';
import { dump, type Handlers, read, write } from '../handler.js';

const noTable = {
  table_id: 0,
  nbuckets: 0,
  match_n_vectors: 0,
  skip_n_vectors: 0,
  active_sessions: 0,
  ...{ next_table_index: 0, miss_next_index: 0, mask: new Uint8Array() },
};

/** The classifier as the input ACL of layer 2; what it does at layer 3 is left out. */
export const classifierHandlers: Handlers = {
  classify_add_del_table: write(
    (fields, { engine }) => {
      if (!fields.flag('is_add')) {
        engine.classifiers.delete(fields.number('table_index'), fields.flag('del_chain'));
        return { new_table_index: NO_INDEX, skip_n_vectors: NO_INDEX, match_n_vectors: NO_INDEX };
      }
      const table = engine.classifiers.add({
        buckets: fields.number('nbuckets'),
        skip: fields.number('skip_n_vectors'),
        vectors: fields.number('match_n_vectors'),
        next: fields.number('next_table_index'),
        miss: fields.number('miss_next_index'),
        mask: fields.bytes('mask').slice(),
      });
      return { new_table_index: table.index, skip_n_vectors: table.skip, match_n_vectors: table.vectors };
    },
    { new_table_index: NO_INDEX, skip_n_vectors: NO_INDEX, match_n_vectors: NO_INDEX },
  ),
  classify_add_del_session: write((fields, { engine }) => {
    const [index, match] = [fields.number('table_index'), fields.bytes('match')];
    if (fields.flag('is_add'))
      engine.classifiers.addSession(index, match, {
        hit: fields.number('hit_next_index'),
        opaque: fields.number('opaque_index'),
        advance: fields.number('advance'),
      });
    else engine.classifiers.deleteSession(index, match);
    return undefined;
  }),
  classify_table_ids: read((_, { engine }) => ({ ids: engine.classifiers.indices() }), { ids: [] }),
  classify_table_info: read((fields, { engine }) => {
    const id = fields.number('table_id');
    const table = engine.classifiers.find(id);
    if (table === undefined) throw new EngineError('CLASSIFY_TABLE_NOT_FOUND', `there is no classifier table ${id}`);
    return {
      table_id: table.index,
      nbuckets: table.buckets,
      match_n_vectors: table.vectors,
      skip_n_vectors: table.skip,
      active_sessions: table.sessions.size,
      next_table_index: table.next,
      miss_next_index: table.miss,
      mask: table.mask,
    };
  }, noTable),
  classify_table_by_interface: read(
    (fields, { engine }) => {
      const { swIfIndex } = engine.interfaces.get(fields.number('sw_if_index'));
      const l2_table_id = engine.classifiers.appliedTo(swIfIndex);
      return { sw_if_index: swIfIndex, l2_table_id, ip4_table_id: NO_INDEX, ip6_table_id: NO_INDEX };
    },
    { sw_if_index: NO_INDEX, l2_table_id: NO_INDEX, ip4_table_id: NO_INDEX, ip6_table_id: NO_INDEX },
  ),
  classify_session_dump: dump((fields, { engine, api }) =>
    sessionDetails(engine, fields.number('table_id'), api.keptHit),
  ),
  input_acl_set_interface: write((fields, { engine }) => {
    const { swIfIndex } = engine.interfaces.get(fields.number('sw_if_index'));
    const table = fields.number('l2_table_index');
    if (table === NO_INDEX) return undefined;
    if (fields.flag('is_add')) engine.classifiers.apply(swIfIndex, table);
    else engine.classifiers.withdraw(swIfIndex, table);
    return undefined;
  }),
};

/** @param kept as much of a session's next index as comes back */
function* sessionDetails(engine: Engine, index: number, kept: number): Generator<FieldValues> {
  const table = engine.classifiers.find(index);
  for (const { match, hit, opaque, advance } of table?.sessions.values() ?? [])
    yield { retval: 0, table_id: index, hit_next_index: (hit & kept) >>> 0, advance, opaque_index: opaque, match };
}
