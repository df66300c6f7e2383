import { bootstrapSchema, SOCKCLNT_CREATE_ID, SOCKCLNT_CREATE_REPLY_ID } from './bootstrap.js';
import type { MessageTable } from './compatibility.js';
import type { ApiConnection, ExchangeOptions } from './connection.js';
import { VppDefinitionsError } from './errors.js';
import type { Endpoint } from './exchange.js';
import type { Schema } from './schema.js';

const MESSAGE_TABLE_ENTRY = /_[0-9a-f]{8}$/;

/** Registers the client with VPP and returns VPP's message table. Sets the connection's `clientIndex`. */
export async function register(
  connection: ApiConnection,
  clientName: string,
  options: ExchangeOptions,
): Promise<MessageTable> {
  const schema = bootstrapSchema();
  const reply = await connection.request(
    connection.endpoint(schema.message('sockclnt_create'), SOCKCLNT_CREATE_ID),
    connection.endpoint(schema.message('sockclnt_create_reply'), SOCKCLNT_CREATE_REPLY_ID),
    { name: clientName },
    options,
  );
  if (Number(reply['response']) < 0) {
    throw new VppDefinitionsError(
      `VPP refused the registration of ${clientName}: response ${String(reply['response'])}`,
    );
  }
  connection.clientIndex = Number(reply['index']);
  const table = new Map<string, number>();
  for (const entry of reply['message_table'] as readonly { readonly index: number; readonly name: string }[]) {
    if (MESSAGE_TABLE_ENTRY.test(entry.name)) table.set(entry.name, entry.index);
  }
  return table;
}

/** Whether VPP can be asked for its own API definitions. */
export function canLearn(table: MessageTable): boolean {
  const schema = bootstrapSchema();
  return ['get_api_json', 'get_api_json_reply'].every((name) => table.has(schema.message(name).nameCrc));
}

/** Asks VPP for its own API definitions. Throws `VppDefinitionsError` if this VPP is too old to give them. */
export async function learnDefinitions(
  connection: ApiConnection,
  table: MessageTable,
  options: ExchangeOptions,
): Promise<Schema> {
  const schema = bootstrapSchema();
  const request = schema.message('get_api_json');
  const reply = schema.message('get_api_json_reply');
  const requestId = table.get(request.nameCrc);
  const replyId = table.get(reply.nameCrc);
  if (requestId === undefined || replyId === undefined) {
    throw new VppDefinitionsError(
      `VPP does not know ${request.nameCrc}, so it cannot say how its messages look; ` +
        'say where its *.api.json files are (apiFolders)',
    );
  }
  const answer = await connection.request(
    connection.endpoint(request, requestId),
    connection.endpoint(reply, replyId),
    {},
    options,
  );
  return bootstrapSchema(String(answer['json']));
}

/** What to say before leaving, so that VPP closes its side; undefined if this VPP does not know it. */
export function farewell(
  connection: ApiConnection,
  table: MessageTable,
): { readonly endpoint: Endpoint; readonly fields: { readonly index: number } } | undefined {
  const codec = bootstrapSchema().message('sockclnt_delete');
  const id = table.get(codec.nameCrc);
  return id === undefined ? undefined : { endpoint: { codec, id }, fields: { index: connection.clientIndex } };
}
