import { type AnyStep, unseen, type VppObject } from './object.js';
import { Table } from './table.js';

/** How VPP would send to an address outside. */
export type ActualRoute =
  /** Out of this interface. */
  | { readonly to: 'interface'; readonly index: number }
  /** The address is one of VPP's own. */
  | { readonly to: 'self' }
  | { readonly to: 'nowhere' };

export interface RouteTables {
  /** By address; not there: not asked. */
  readonly routes: Table<string, ActualRoute>;
}

/** Routes are the operator's: they are read, and never changed. */
export const routeObject: VppObject<AnyStep & never, RouteTables> = {
  steps: {},
  tables: () => ({ routes: new Table({}) }),
  follow: () => undefined,
  withdraw: () => [],
  deletion: null,
  fingerprint: unseen,
};
