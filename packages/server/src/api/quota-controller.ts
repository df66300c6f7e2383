import { keys, type QuotaRecord, quotaCodec, RecordError, resourceKinds } from '@taas/model';
import type { Store } from '@taas/store';
import type { Access } from '../auth/access.js';
import type { Caller } from '../auth/authenticator.js';
import { badRequest, NeutronError, tooContended, unavailable, words } from '../errors/neutron-error.js';
import { listed, pythonStr } from '../errors/python-repr.js';
import { type JsonObject, resourceToUpdate } from '../http/request-body.js';
import { limitsOf, type QuotaLimits, type QuotaName, quotaNames, usedBy } from '../taps/admission/quotas.js';
import { mostCharacters } from '../taps/attribute-type.js';
import { invalidInput } from '../taps/attributes.js';
import type { LiveView } from '../view/live-view.js';
import type { OwnWrites } from '../view/own-writes.js';

export interface QuotaDeps {
  readonly store: Store;
  readonly live: LiveView;
  readonly access: Access;
  readonly writes: OwnWrites;
  readonly defaults: QuotaLimits;
  readonly catchUpMs: number;
}

export type QuotaDetails = Readonly<Record<QuotaName, { limit: number; used: number; reserved: number }>>;

/** Neutron's largest integer in its database. */
const maxLimit = 0x7fffffff;
const attempts = 10;

/** Quotas of tap services, flows and mirrors, as Neutron shows and sets those of its own resources. */
export class QuotaController {
  constructor(private readonly deps: QuotaDeps) {}

  /** @throws NeutronError 403 */
  async show(project: string, caller: Caller): Promise<QuotaLimits> {
    this.deps.access.mayUseQuota('get', project, caller);
    await this.#seen();
    return limitsOf(this.deps.live.view, project, this.deps.defaults);
  }

  async defaults(project: string, caller: Caller): Promise<QuotaLimits> {
    this.deps.access.mayUseQuota('get', project, caller);
    return this.deps.defaults;
  }

  async details(project: string, caller: Caller): Promise<QuotaDetails> {
    const limits = await this.show(project, caller);
    const { view } = this.deps.live;
    const entries = resourceKinds.map((kind) => {
      const name = words[kind].resource;
      return [name, { limit: limits[name], used: usedBy(view, kind, project), reserved: 0 }];
    });
    return Object.fromEntries(entries) as QuotaDetails;
  }

  /** The projects for which something is set. */
  async list(caller: Caller): Promise<readonly (QuotaLimits & { project_id: string; tenant_id: string })[]> {
    this.deps.access.mayUseQuota('get', caller.projectId, caller);
    await this.#seen();
    const projects = [...this.deps.live.view.quotas.keys()].sort();
    return projects
      .filter((project) => project === caller.projectId || this.deps.access.seesQuota(project, caller))
      .filter((project) => this.deps.live.view.quotas.get(project)?.record !== null)
      .map((project) => ({ ...this.#limits(project), project_id: project, tenant_id: project }));
  }

  /**
   * What a PUT asks for, checked.
   * @returns our limits, and the rest of the body for Neutron (null if there is none)
   * @throws NeutronError 403, 400
   */
  readUpdate(
    project: string,
    json: unknown,
    caller: Caller,
    hasNeutron: boolean,
  ): { readonly ours: Partial<Record<QuotaName, number>>; readonly theirs: JsonObject | null } {
    this.deps.access.mayUseQuota('update', project, caller);
    // It becomes a part of a key.
    if (project.length > mostCharacters) throw quotaNotFound(`${project.slice(0, 32)}...`);
    const given = resourceToUpdate(json, 'quota');
    const names: readonly string[] = quotaNames;
    const theirs = Object.fromEntries(Object.entries(given).filter(([name]) => !names.includes(name)));
    const meaningful = Object.keys(theirs).filter((name) => name !== 'check_limit' && name !== 'force');
    if (!hasNeutron && meaningful.length > 0) {
      throw badRequest(`Unrecognized attribute(s) '${listed(meaningful.sort())}'`);
    }
    const ours: Partial<Record<QuotaName, number>> = {};
    for (const name of quotaNames) if (Object.hasOwn(given, name)) ours[name] = limit(name, given[name]);
    if (given['check_limit'] === true) this.#checkUsage(project, ours);
    return { ours, theirs: meaningful.length > 0 ? theirs : null };
  }

  /** Sets what is given and leaves the rest as it is. */
  async set(project: string, limits: Partial<Record<QuotaName, number>>): Promise<QuotaLimits> {
    await this.#write(project, (before) => ({ ...(before ?? { v: 1 }), ...limits }));
    return this.#limits(project);
  }

  /** Back to the defaults. @returns whether there was anything to take away */
  async reset(project: string, caller: Caller): Promise<boolean> {
    this.deps.access.mayUseQuota('delete', project, caller);
    return this.#write(project, () => null);
  }

  #limits(project: string): QuotaLimits {
    return limitsOf(this.deps.live.view, project, this.deps.defaults);
  }

  #checkUsage(project: string, limits: Partial<Record<QuotaName, number>>): void {
    for (const kind of resourceKinds) {
      const name = words[kind].resource;
      const asked = limits[name];
      if (asked === undefined || asked < 0 || asked >= usedBy(this.deps.live.view, kind, project)) continue;
      throw badRequest(`Invalid quota for ${name}: the project has more of them than ${asked} already`);
    }
  }

  async #write(project: string, change: (before: QuotaRecord | null) => QuotaRecord | null): Promise<boolean> {
    const { store, live, writes, catchUpMs } = this.deps;
    const key = keys.quota(project);
    for (let attempt = 0; attempt < attempts; attempt++) {
      const current = await store.get(key);
      const after = change(current ? readable(key, current.value) : null);
      if (!current && after === null) return false;
      if (current && after !== null && quotaCodec.format(after) === current.value) return true;
      const result = await store.transact({
        compare: [current ? { kind: 'mod-revision', key, revision: current.modRevision } : { kind: 'absent', key }],
        operations: [after ? { kind: 'put', key, value: quotaCodec.format(after) } : { kind: 'delete', key }],
      });
      if (!result.succeeded) continue;
      writes.note(result.revision);
      await live.reached(result.revision, catchUpMs);
      return true;
    }
    throw tooContended();
  }

  async #seen(): Promise<void> {
    await this.deps.live.reached(this.deps.writes.revision, this.deps.catchUpMs);
    if (!this.deps.live.fresh) throw unavailable('etcd cannot be seen at the moment: try again.');
  }
}

/** Null for a record that cannot be read: an administrator mends it by setting it anew. */
function readable(key: string, value: string): QuotaRecord | null {
  try {
    return quotaCodec.parse(key, value);
  } catch (error) {
    if (error instanceof RecordError) return null;
    throw error;
  }
}

export const quotaNotFound = (project: string) =>
  new NeutronError(404, 'TenantQuotaNotFound', `Quota for tenant ${project} could not be found.`);

function limit(name: string, value: unknown): number {
  const number = typeof value === 'string' && /^[+-]?\d{1,15}$/.test(value) ? Number(value) : value;
  if (typeof number !== 'number' || !Number.isInteger(number)) {
    throw new NeutronError(
      400,
      'InvalidInput',
      `Invalid input for operation: '${pythonStr(value)}' is not an integer.`,
    );
  }
  if (number < -1) throw invalidInput(name, `'${number}' is too small - must be at least '-1'.`);
  if (number > maxLimit) throw invalidInput(name, `'${number}' is too large - must be no larger than '${maxLimit}'.`);
  return number;
}
