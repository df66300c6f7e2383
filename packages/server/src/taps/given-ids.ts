import type { ResourceKind } from '@taas/model';
import { tapExists } from '../errors/neutron-error.js';
import type { JsonObject } from '../http/request-body.js';
import { uuid } from './attribute-type.js';
import { invalidInput } from './attributes.js';

/** The ids that a request gives its taps. Neutron keeps taps itself where its plugin is asked, and they are to have its ids here. */
export class GivenIds {
  readonly #taken = new Set<string>();

  /** @param allowed whether the caller may give ids; else an id is left to be refused as any attribute that may not be given */
  constructor(
    private readonly kind: ResourceKind,
    private readonly allowed: boolean,
  ) {}

  /** Those that were given so far. */
  get all(): ReadonlySet<string> {
    return this.#taken;
  }

  /** @returns the item without its id @throws NeutronError 400, 409 */
  take(item: JsonObject): { readonly id?: string; readonly item: JsonObject } {
    if (!this.allowed || !Object.hasOwn(item, 'id')) return { item };
    const { id, ...rest } = item;
    // One spelling only: another would be another key of etcd.
    if (typeof id !== 'string' || !/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id))
      throw invalidInput('id', uuid.check(id) ?? `'${id}' is not a valid UUID.`);
    if (this.#taken.has(id)) throw tapExists(this.kind, id);
    this.#taken.add(id);
    return { id, item: rest };
  }
}
