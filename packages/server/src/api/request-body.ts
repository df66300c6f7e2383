import { badRequest, malformedBody, NeutronError } from './neutron-error.js';

export type JsonObject = Readonly<Record<string, unknown>>;

/**
 * Parses a request's body as Neutron does, whatever its content type says.
 * @param maxDepth how deep objects and arrays may nest
 * @throws NeutronError 400 MalformedRequestBody for what is no JSON in UTF-8, or nests too deep
 */
export function parseJsonBody(body: Buffer, maxDepth: number): unknown {
  let text: string;
  let json: unknown;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body);
  } catch (cause) {
    throw malformedBody({ cause });
  }
  const { depth, digits } = extentOf(text);
  // Python reads no longer integers, and JavaScript would take them for infinite.
  if (digits > 4300) throw malformedBody();
  if (depth > maxDepth) {
    throw new NeutronError(
      400,
      'MalformedRequestBody',
      `Malformed request body: nested deeper than ${maxDepth} levels.`,
    );
  }
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw malformedBody({ cause });
  }
  return json;
}

/** How deep brackets nest and how long the longest number is, found without recursion and before anything is parsed. */
function extentOf(text: string): { readonly depth: number; readonly digits: number } {
  let depth = 0;
  let deepest = 0;
  let digits = 0;
  let most = 0;
  let quoted = false;
  for (let index = 0; index < text.length; index++) {
    const char = text[index] ?? '';
    if (quoted) {
      if (char === '\\') index += 1;
      else if (char === '"') quoted = false;
      continue;
    }
    if (char >= '0' && char <= '9') {
      most = Math.max(most, ++digits);
      continue;
    }
    digits = 0;
    if (char === '"') quoted = true;
    else if (char === '[' || char === '{') deepest = Math.max(deepest, ++depth);
    else if (char === ']' || char === '}') depth -= 1;
  }
  return { depth: deepest, digits: most };
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
export function resourceToUpdate(json: unknown, resource: string): JsonObject {
  return member(bodyObject(json), resource);
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
