import { keystoneUnavailable } from '../keystone-error.js';

export interface KeystoneProject {
  readonly id: string;
  readonly name: string;
  readonly domainId: string | null;
}

/** Projects of one person that are taken; who has more works in the first of them, by name. */
export const mostProjects = 1000;

/**
 * Reads the body of `GET /v3/auth/projects`: the enabled ones, by name.
 * @throws KeystoneUnavailableError for what is no list of projects
 */
export function parseProjects(body: string): readonly KeystoneProject[] {
  const listed = listOf(body);
  if (listed === null) throw keystoneUnavailable('bad-answer', 'its list of projects is none', null);
  const found = listed.flatMap((each) => projectOf(each) ?? []);
  return found.sort((a, b) => compare(a.name, b.name) || compare(a.id, b.id)).slice(0, mostProjects);
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function listOf(body: string): readonly unknown[] | null {
  try {
    const parsed: unknown = JSON.parse(body);
    const { projects } = isFields(parsed) ? parsed : {};
    return Array.isArray(projects) ? projects : null;
  } catch {
    return null; // The caller says so.
  }
}

function projectOf(value: unknown): KeystoneProject | null {
  if (!isFields(value) || value['enabled'] === false) return null;
  const { id, name, domain_id: domain } = value;
  if (typeof id !== 'string' || id === '' || typeof name !== 'string') return null;
  return { id, name, domainId: typeof domain === 'string' ? domain : null };
}

const isFields = (value: unknown): value is { readonly [name: string]: unknown } =>
  typeof value === 'object' && value !== null;
