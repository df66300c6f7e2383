import { CliError } from '../exit-codes.js';
import { isId, type Kind, kindNames, kinds, type Tap, textOf } from './kinds.js';
import type { TaasApi } from './taas-api.js';

/**
 * The one tap with this id, or else with this name.
 * @param among the kinds to look at
 * @throws CliError not_found; ambiguous, with all candidates
 */
export async function findTap(api: TaasApi, nameOrId: string, among: readonly Kind[] = kindNames): Promise<Tap> {
  if (isId(nameOrId)) {
    const byId = (await Promise.all(among.map((kind) => api.find(kind, nameOrId)))).filter((tap) => tap !== null);
    if (byId[0] !== undefined) return byId[0];
  }
  const lists = await Promise.all(among.map((kind) => api.list(kind, { name: nameOrId })));
  // A server that does not filter would give any tap for the one that was meant.
  const found = lists.flat().filter((tap) => tap.attributes['name'] === nameOrId);
  const what = among.map((kind) => kinds[kind].title).join(', ');
  const [only] = found;
  if (only === undefined) throw new CliError('not_found', `no ${what} has the name or id "${nameOrId}"`);
  if (found.length > 1) {
    const lines = found.map(
      (tap) => `  ${tap.id}  ${kinds[tap.kind].title}  ${textOf(tap, 'status')}  project ${textOf(tap, 'project_id')}`,
    );
    throw new CliError(
      'ambiguous',
      `${found.length} have the name "${nameOrId}"; say which by its id:\n${lines.join('\n')}`,
    );
  }
  return only;
}

/**
 * The id of a port of Neutron by its name or id.
 * @throws CliError not_found, ambiguous
 */
export async function findPort(api: TaasApi, nameOrId: string): Promise<string> {
  if (isId(nameOrId)) return nameOrId;
  const body = await api.get(`/v2.0/ports?${new URLSearchParams({ name: nameOrId })}`).catch((error: unknown) => {
    if (error instanceof CliError && error.outcome === 'not_found')
      throw new CliError(
        'not_found',
        `ports have no names here, since there is no Neutron behind the endpoint: give the port's id`,
      );
    throw error;
  });
  const ports = (Array.isArray(body['ports']) ? body['ports'] : []) as readonly Record<string, unknown>[];
  const found = ports.filter((port) => port['name'] === nameOrId && typeof port['id'] === 'string');
  if (found.length === 0) throw new CliError('not_found', `no port has the name or id "${nameOrId}"`);
  if (found.length > 1) {
    const lines = found.map((port) => `  ${port['id']}  project ${port['project_id']}`);
    throw new CliError(
      'ambiguous',
      `${found.length} ports have the name "${nameOrId}"; say which by its id:\n${lines.join('\n')}`,
    );
  }
  return String(found[0]?.['id']);
}
