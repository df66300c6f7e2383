import { emptyApi, type RawApi, readApiJson } from './api-json.js';
import { Schema } from './schema.js';

/** VPP gives these two the same ids in every release, since the message table only comes with the second. */
export const SOCKCLNT_CREATE_ID = 15;
export const SOCKCLNT_CREATE_REPLY_ID = 16;

// What must be known before VPP can be asked for everything else, and what it then leaves out: VPP 26.06's answer to
// get_api_json has every module but memclnt, where control_ping is. Facts of src/vlibmemory/memclnt.api. Note that
// sockclnt_create has no client_index, and that its reply has it before the context.
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
    ['control_ping', ['u16', '_vl_msg_id'], ['u32', 'client_index'], ['u32', 'context'], { crc: '0x51077d14' }],
    [
      'control_ping_reply',
      ['u16', '_vl_msg_id'],
      ['u32', 'context'],
      ['i32', 'retval'],
      ['u32', 'client_index'],
      ['u32', 'vpe_pid'],
      { crc: '0xf6b0b8ca' },
    ],
    [
      'sockclnt_delete',
      ['u16', '_vl_msg_id'],
      ['u32', 'client_index'],
      ['u32', 'context'],
      ['u32', 'index'],
      { crc: '0x8ac76db6' },
    ],
    ['sockclnt_delete_reply', ['u16', '_vl_msg_id'], ['u32', 'context'], ['i32', 'response'], { crc: '0x8f38b1ee' }],
  ],
  services: {
    sockclnt_create: { reply: 'sockclnt_create_reply' },
    get_api_json: { reply: 'get_api_json_reply' },
    control_ping: { reply: 'control_ping_reply' },
  },
};

/** The same as API json, to be read after VPP's own definitions, which win where they have a message as well. */
export const bootstrapJson = JSON.stringify(definitions);

/** The same, read. */
export function bootstrapApi(): RawApi {
  const api = emptyApi();
  readApiJson(api, bootstrapJson, 'bootstrap definitions');
  return api;
}

/**
 * The messages that a client knows before it has learnt the others, with `json`'s if given. A server or simulator reads its
 * own definitions with it.
 */
export function bootstrapSchema(json?: string, source = 'get_api_json'): Schema {
  const api = emptyApi();
  if (json !== undefined) readApiJson(api, json, source);
  readApiJson(api, bootstrapJson, 'bootstrap definitions');
  return new Schema(api);
}
