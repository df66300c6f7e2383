import { neutronUnavailable } from './neutron-error.js';

/** The attributes of something in an answer of Neutron's, of which nothing has been checked yet. */
export type Fields = Readonly<Record<string, unknown>>;

/** @throws NeutronUnavailableError if the body is no JSON object */
export function parseBody(body: string): Fields {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch (cause) {
    throw malformed('it is not JSON', cause);
  }
  return objectOf(value, 'the answer');
}

/** The objects of a list, and whether Neutron says that there are more. @throws NeutronUnavailableError for any other body */
export function listPage(body: string, name: string): { readonly items: readonly Fields[]; readonly more: boolean } {
  const answer = parseBody(body);
  const items = answer[name];
  if (!Array.isArray(items)) throw malformed(`it has no list of ${name}`);
  const links = answer[`${name}_links`];
  const more = Array.isArray(links) && links.some((link) => objectOf(link, `${name}_links[]`)['rel'] === 'next');
  return { items: items.map((item) => objectOf(item, `${name}[]`)), more };
}

/** @throws NeutronUnavailableError for anything else */
export function objectOf(value: unknown, what: string): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
  throw malformed(`${what} is not an object`);
}

export function textOr(value: unknown, otherwise: string): string {
  return typeof value === 'string' ? value : otherwise;
}

export function malformed(detail: string, cause?: unknown): Error {
  return neutronUnavailable('bad-answer', `its answer is not what its API promises: ${detail}`, null, { cause });
}
