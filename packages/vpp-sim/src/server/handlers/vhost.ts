import type { FieldValues } from 'vpp-api';
import type { Engine } from '../../engine/engine.js';
import { NO_INDEX } from '../../engine/interface.js';
import { dump, type Handlers } from '../handler.js';

/** vhost-user's own list: the ports that the lab gave a socket name. */
export const vhostHandlers: Handlers = {
  sw_interface_vhost_user_dump: dump((fields, { engine }) => vhostDetails(engine, fields.number('sw_if_index'))),
};

function* vhostDetails(engine: Engine, swIfIndex: number): Generator<FieldValues> {
  const only = engine.interfaces.find(swIfIndex);
  for (const of of swIfIndex === NO_INDEX ? engine.interfaces.all() : only === undefined ? [] : [only])
    if (of.socket !== undefined)
      yield {
        sw_if_index: of.swIfIndex,
        interface_name: of.name,
        virtio_net_hdr_sz: 12,
        features_first_32: 0,
        features_last_32: 0,
        is_server: true,
        sock_filename: of.socket,
        num_regions: 0,
        sock_errno: 0,
      };
}
