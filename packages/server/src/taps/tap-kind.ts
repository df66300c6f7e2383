import type { AuditTap, ResourceKind, StatusView } from '@taas/model';
import type { Caller } from '../auth/authenticator.js';
import type { Shown } from '../http/list-query.js';
import type { StatusReader } from '../status/tap-status.js';
import type { ClusterView } from '../view/cluster-view.js';
import type { TapRecord } from '../view/shelf.js';
import type { Admission } from './admission/admission.js';
import type { Attribute } from './attributes.js';
import type { AtOnce, RemovalDeps } from './removal/at-once.js';

export type ShownTap = Shown & { readonly id: string };

/** What the audit trail says of a kind besides id, name and project. */
export type AuditedPart = Omit<AuditTap, 'kind' | 'id' | 'name' | 'project_id' | 'port_id' | 'port_project_id'>;

/** Who copies a port, as its owner is shown it. */
export interface Tapping {
  /** `tap_flow` or `tap_mirror`. */
  readonly kind: string;
  readonly direction: string;
  readonly destination: object;
}

/** All that differs between tap services, flows and mirrors in what the API does: one of each kind is in `tap-kinds.ts`. */
export interface TapKind<R extends TapRecord = TapRecord> {
  readonly kind: ResourceKind;
  /** In Neutron's order, which decides what is complained about first. */
  readonly attributes: Readonly<Record<string, Attribute>>;
  /** The attribute that names the port that the tap uses. */
  readonly portAttribute: 'port_id' | 'source_port';
  /** Null for a tap service whose copies a program receives. */
  portOf(record: R): string | null;
  /** A record as the API shows it: Neutron's attributes in Neutron's order, and ours. */
  shown(record: R, status: StatusView): ShownTap;
  status(record: R, reader: StatusReader): StatusView;
  /** The tap service whose placement the status needs, if it needs one. */
  serviceOf(record: R): string | null;
  audited(record: R, view: ClusterView): AuditedPart;
  /** Null for a kind that copies nothing by itself. */
  tapping(record: R, view: ClusterView): Tapping | null;
  /** Writes them, all or none. @returns the revision @throws NeutronError; an error of the port directory */
  admit(admission: Admission, records: readonly R[], caller: Caller, given?: ReadonlySet<string>): Promise<number>;
  /** Removes one that no node has been told of. @param attempt from 0: how often somebody else has been faster */
  removeAtOnce(deps: RemovalDeps, record: R, revision: number, attempt: number): Promise<AtOnce>;
  /**
   * What goes with one that has been marked as `deleting`, before the compiler looks at it.
   * @returns the latest revision that was written
   */
  removeMarked(deps: RemovalDeps, id: string, revision: number): Promise<number>;
}
