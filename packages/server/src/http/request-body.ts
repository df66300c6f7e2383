import { badRequest, malformedBody, NeutronError } from '../errors/neutron-error.js';

export type JsonObject = Readonly<Record<string, unknown>>;

/** Members that one object or list of a body may have: far more than any of ours has. */
export const mostMembers = 1_000;
/** Members of all objects and lists together: more than 128 flows have with 64 rules each in 512 KiB. */
export const mostMembersInAll = 32_768;

/**
 * Parses a request's body as Neutron does, whatever its content type says.
 * @param maxDepth how deep objects and arrays may nest
 * @throws NeutronError 400 MalformedRequestBody for what is no JSON in UTF-8, nests too deep or has too many members
 */
export function parseJsonBody(body: Buffer, maxDepth: number): unknown {
  let text: string;
  let json: unknown;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body);
  } catch (cause) {
    throw malformedBody({ cause });
  }
  const { depth, digits, members, inAll } = extentOf(text);
  // Python reads no longer integers, and JavaScript would take them for infinite.
  if (digits > 4300) throw malformedBody();
  if (depth > maxDepth) {
    throw new NeutronError(
      400,
      'MalformedRequestBody',
      `Malformed request body: nested deeper than ${maxDepth} levels.`,
    );
  }
  if (members > mostMembers || inAll > mostMembersInAll) {
    throw new NeutronError(400, 'MalformedRequestBody', 'Malformed request body: too many members.');
  }
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw malformedBody({ cause });
  }
  return json;
}

/** The extent of a body's JSON. */
interface Extent {
  /** How deep brackets nest. */
  readonly depth: number;
  /** Digits of the longest number. */
  readonly digits: number;
  /** Members of the largest object or list. */
  readonly members: number;
  /** Members of all of them; one that has a single member, or none, counts as one. */
  readonly inAll: number;
}

const [quote, backslash, comma, zero, nine] = [0x22, 0x5c, 0x2c, 0x30, 0x39];
const [openList, closeList, openObject, closeObject] = [0x5b, 0x5d, 0x7b, 0x7d];

/** Found in one pass, without recursion, and before anything is parsed. */
function extentOf(text: string): Extent {
  let quoted = false;
  let [depth, digits, members] = [0, 0, 1];
  const most = { depth: 0, digits: 0, members: 0, inAll: 0 };
  /** Members so far of the objects and lists around the one at hand. */
  const around: number[] = [];
  for (let index = 0; index < text.length; index++) {
    const char = text.charCodeAt(index);
    if (quoted) {
      if (char === backslash) index += 1;
      else if (char === quote) quoted = false;
      continue;
    }
    if (char >= zero && char <= nine) {
      most.digits = Math.max(most.digits, ++digits);
      continue;
    }
    digits = 0;
    if (char === quote) quoted = true;
    else if (char === comma) {
      most.inAll += 1;
      most.members = Math.max(most.members, ++members);
    } else if (char === openList || char === openObject) {
      most.inAll += 1;
      most.depth = Math.max(most.depth, ++depth);
      around.push(members);
      members = 1;
    } else if (char === closeList || char === closeObject) {
      depth -= 1;
      members = around.pop() ?? 1;
    }
  }
  return most;
}

/**
 * The resources that a POST asks to create: one under the singular key, several under the plural, which wins.
 * @throws NeutronError in Neutron's words for every other form of body
 */
export function resourcesToCreate(
  json: unknown,
  resource: string,
  maxItems: number,
): { readonly bulk: boolean; readonly items: readonly JsonObject[] } {
  const body = bodyObject(json);
  const collection = `${resource}s`;
  if (!Object.hasOwn(body, collection)) return { bulk: false, items: [member(body, resource)] };
  const list = body[collection];
  if (!list || (Array.isArray(list) && list.length === 0)) throw badRequest('Resources required');
  if (!Array.isArray(list)) throw badRequest(`Object '${collection}' contains invalid data`);
  if (list.length > maxItems) {
    throw badRequest(`At most ${maxItems} ${collection} can be created in one request: send several`);
  }
  return {
    bulk: true,
    items: list.map((item: unknown) => member(isWrapped(item, resource) ? item : { [resource]: item }, resource)),
  };
}

/** The attributes that a PUT asks to change. @throws NeutronError as {@link resourcesToCreate} */
export const resourceToUpdate = (json: unknown, resource: string): JsonObject => memberOf(json, resource);

/** The object that stands in a body under a name. @throws NeutronError as {@link resourcesToCreate} */
export function memberOf(json: unknown, name: string): JsonObject {
  return member(bodyObject(json), name);
}

function bodyObject(json: unknown): JsonObject {
  // What Python takes for false: null, {}, [], "", 0, false.
  const empty = !json || (typeof json === 'object' && Object.keys(json).length === 0);
  if (empty) throw badRequest('Resource body required');
  if (!isObject(json)) throw badRequest('Body contains invalid data');
  return json;
}

function member(body: JsonObject, resource: string): JsonObject {
  const value = Object.hasOwn(body, resource) ? body[resource] : null;
  if (value === null) throw badRequest(`Unable to find '${resource}' in request body`);
  if (!isObject(value)) throw badRequest(`Object '${resource}' contains invalid data`);
  return value;
}

function isWrapped(item: unknown, resource: string): item is JsonObject {
  return isObject(item) && Object.hasOwn(item, resource);
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
