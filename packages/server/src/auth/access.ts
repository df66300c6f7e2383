import type { ResourceKind } from '@taas/model';
import type { Policy } from '@taas/policy';
import type { Watched } from '@taas/service';
import { forbidden, tapNotFound, words } from '../errors/neutron-error.js';
import type { Caller, Identity } from './authenticator.js';

interface Owned {
  readonly id?: string;
  readonly project_id: string;
  /** A part of a capture is shown as the capture alone, and changed by it. */
  readonly capture?: string;
}

type Change = 'update' | 'delete';

/** The policy's answers, in the form in which Neutron gives them: a stranger is told that there is nothing. */
export class Access {
  constructor(private readonly rules: Watched<Policy>) {}

  private get policy(): Policy {
    return this.rules.current;
  }

  /**
   * What the context rules make of a caller, as neutron_lib.context and neutron_lib.db.utils (model_query_scope_is_project)
   * have it: they say how far somebody may look, and the rule of each resource what of it they are shown.
   */
  caller(identity: Identity): Caller {
    const { credentials } = identity;
    const passes = (rule: string) => this.policy.check(rule, credentials, credentials);
    const isAdmin = this.policy.isAdmin(credentials);
    const isService = passes('service_api') || passes('context_is_advsvc');
    const hasGlobalAccess = isAdmin || passes('context_with_global_access');
    const mayNameProject = isAdmin || isService || passes('context_can_set_project_id');
    return {
      ...identity,
      ...{ isAdmin, mayNameProject, seesAllProjects: hasGlobalAccess || isService },
      // Rules may ask for these, too: `is_admin:True`.
      credentials: {
        ...credentials,
        ...{ is_admin: isAdmin, has_global_access: hasGlobalAccess, can_set_project_id: mayNameProject },
      },
    };
  }

  /** Whether the caller may know of the resource: those of other projects only if they see all projects at all. */
  sees(kind: ResourceKind, record: Owned, caller: Caller): boolean {
    if (record.capture !== undefined) return false;
    if (!caller.seesAllProjects && record.project_id !== caller.projectId) return false;
    return this.policy.check(`get_${words[kind].resource}`, target(record), caller.credentials);
  }

  /** @throws NeutronError 403 */
  mayCreate(kind: ResourceKind, record: Owned, caller: Caller): void {
    const rule = `create_${words[kind].resource}`;
    if (!this.policy.check(rule, target(record), caller.credentials)) throw forbidden(rule);
  }

  /** Whether the caller may say which id a new tap gets. */
  givesIds(caller: Caller): boolean {
    return this.policy.check('give_taas_id', target({ project_id: caller.projectId }), caller.credentials);
  }

  /** @throws NeutronError 403 for a resource that the caller may be shown, else 404 */
  mayChange(change: Change, kind: ResourceKind, record: Owned & { readonly id: string }, caller: Caller): void {
    const rule = `${change}_${words[kind].resource}`;
    const own = record.project_id === caller.projectId;
    if (record.capture !== undefined || (!caller.seesAllProjects && !own)) throw tapNotFound(kind, record.id);
    if (this.policy.check(rule, target(record), caller.credentials)) return;
    throw own || this.sees(kind, record, caller) ? forbidden(rule) : tapNotFound(kind, record.id);
  }

  /** Whether the policy lets the caller change a tap of a project. */
  updates(kind: ResourceKind, record: Owned, caller: Caller): boolean {
    return this.policy.check(`update_${words[kind].resource}`, target(record), caller.credentials);
  }

  /** Whether the policy lets the caller agree to a tap. */
  approves(kind: ResourceKind, record: Owned, caller: Caller): boolean {
    return this.policy.check(`approve_${words[kind].resource}`, target(record), caller.credentials);
  }

  /** Of a tap that the caller may be shown. @throws NeutronError 403 */
  mayApprove(kind: ResourceKind, record: Owned, caller: Caller): void {
    if (!this.approves(kind, record, caller)) throw forbidden(`approve_${words[kind].resource}`);
  }

  /** Of a capture that the caller may be shown. @throws NeutronError 403 */
  mayApproveCapture(record: Owned, caller: Caller): void {
    const rule = 'approve_taas_capture';
    if (!this.policy.check(rule, target(record), caller.credentials)) throw forbidden(rule);
  }

  /** Of a tap that the caller may be shown. @throws NeutronError 403 */
  mayReadStatistics(kind: ResourceKind, record: Owned, caller: Caller): void {
    const rule = `get_${words[kind].resource}_statistics`;
    if (!this.policy.check(rule, target(record), caller.credentials)) throw forbidden(rule);
  }

  /** @throws NeutronError 403 */
  mayCapture(record: Owned, caller: Caller): void {
    const rule = 'create_taas_capture';
    if (!this.policy.check(rule, target(record), caller.credentials)) throw forbidden(rule);
  }

  /** Whether the caller may know of a capture of a project; reading its frames is the same. */
  seesCapture(record: Owned, caller: Caller): boolean {
    if (!caller.seesAllProjects && record.project_id !== caller.projectId) return false;
    return this.policy.check('get_taas_capture', target(record), caller.credentials);
  }

  /** Of a capture that the caller may be shown. @throws NeutronError 403 */
  mayEndCapture(record: Owned, caller: Caller): void {
    const rule = 'delete_taas_capture';
    if (!this.policy.check(rule, target(record), caller.credentials)) throw forbidden(rule);
  }

  /** @throws NeutronError 403 */
  mayReadAudit(caller: Caller): void {
    const rule = 'get_taas_audit';
    if (!this.policy.check(rule, target({ project_id: caller.projectId }), caller.credentials)) throw forbidden(rule);
  }

  /** @throws NeutronError 403 */
  mayReadNodes(caller: Caller): void {
    const rule = 'get_taas_nodes';
    if (!this.policy.check(rule, target({ project_id: caller.projectId }), caller.credentials)) throw forbidden(rule);
  }

  /** Whether the caller may know who copies a port of a project; null if nobody knows whose it is. */
  seesTappedPort(project: string | null, caller: Caller): boolean {
    const owner = target({ project_id: project ?? '' });
    return this.policy.check('get_taas_tapped_port', owner, caller.credentials);
  }

  /** @throws NeutronError 403 */
  mayUseQuota(action: 'get' | 'update' | 'delete', project: string, caller: Caller): void {
    const rule = `${action}_quota`;
    if (!this.policy.check(rule, target({ project_id: project }), caller.credentials)) throw forbidden(rule);
  }

  /** Whether another project's quota is shown in a list. */
  seesQuota(project: string, caller: Caller): boolean {
    return (
      caller.seesAllProjects && this.policy.check('get_quota', target({ project_id: project }), caller.credentials)
    );
  }
}

function target(record: Owned): Record<string, unknown> {
  return { tenant_id: record.project_id, ...record };
}
