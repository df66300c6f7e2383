import { parseApiJson, type Schema } from './schema.js';

/** VPP gives these two the same ids in every release, since the message table only comes with the second. */
export const SOCKCLNT_CREATE_ID = 15;
export const SOCKCLNT_CREATE_REPLY_ID = 16;

// The layout of the four messages needed before VPP can be asked for the layout of all others: facts of
// src/vlibmemory/memclnt.api. Note that sockclnt_create has no client_index, and its reply has it before the context.
const definitions = {
  module: 'bootstrap',
  types: [['message_table_entry', ['u16', 'index'], ['string', 'name', 64]]],
  messages: [
    ['sockclnt_create', ['u16', '_vl_msg_id'], ['u32', 'context'], ['string', 'name', 64], { crc: '0x455fb9c4' }],
    [
      'sockclnt_create_reply',
      ['u16', '_vl_msg_id'],
      ['u32', 'client_index'],
      ['u32', 'context'],
      ['i32', 'response'],
      ['u32', 'index'],
      ['u16', 'count'],
      ['vl_api_message_table_entry_t', 'message_table', 0, 'count'],
      { crc: '0x35166268' },
    ],
    ['get_api_json', ['u16', '_vl_msg_id'], ['u32', 'client_index'], ['u32', 'context'], { crc: '0x51077d14' }],
    [
      'get_api_json_reply',
      ['u16', '_vl_msg_id'],
      ['u32', 'context'],
      ['i32', 'retval'],
      ['string', 'json', 0],
      { crc: '0xea715b59' },
    ],
  ],
  services: { sockclnt_create: { reply: 'sockclnt_create_reply' }, get_api_json: { reply: 'get_api_json_reply' } },
};

/** The messages that a client must know before it can learn the others; servers and simulators need them as well. */
export function bootstrapSchema(): Schema {
  return parseApiJson(JSON.stringify(definitions), 'bootstrap definitions');
}
