import type { ResourceKind } from '@taas/model';
import type { Policy } from '@taas/policy';
import { forbidden, tapNotFound, words } from '../api/neutron-error.js';
import type { Caller, Identity } from './authenticator.js';

interface Owned {
  readonly id?: string;
  readonly project_id: string;
}

type Change = 'update' | 'delete';

/** The policy's answers, in the form in which Neutron gives them: a stranger is told that there is nothing. */
export class Access {
  constructor(private readonly policy: Policy) {}

  caller(identity: Identity): Caller {
    const { credentials } = identity;
    const isAdmin = this.policy.isAdmin(credentials);
    const mayNameProject =
      isAdmin ||
      this.policy.check('context_is_advsvc', credentials, credentials) ||
      this.policy.check('context_can_set_project_id', credentials, credentials);
    return { ...identity, isAdmin, mayNameProject };
  }

  /** Whether the caller may know of the resource. Only an administrator may be shown other projects' at all. */
  sees(kind: ResourceKind, record: Owned, caller: Caller): boolean {
    if (!caller.isAdmin && record.project_id !== caller.projectId) return false;
    return this.policy.check(`get_${words[kind].resource}`, target(record), caller.credentials);
  }

  /** @throws NeutronError 403 */
  mayCreate(kind: ResourceKind, record: Owned, caller: Caller): void {
    const rule = `create_${words[kind].resource}`;
    if (!this.policy.check(rule, target(record), caller.credentials)) throw forbidden(rule);
  }

  /** @throws NeutronError 404 for a resource of another project, 403 for the caller's own */
  mayChange(change: Change, kind: ResourceKind, record: Owned & { readonly id: string }, caller: Caller): void {
    const rule = `${change}_${words[kind].resource}`;
    if (!caller.isAdmin && record.project_id !== caller.projectId) throw tapNotFound(kind, record.id);
    if (this.policy.check(rule, target(record), caller.credentials)) return;
    throw record.project_id === caller.projectId ? forbidden(rule) : tapNotFound(kind, record.id);
  }

  /** @throws NeutronError 403 */
  mayReadAudit(caller: Caller): void {
    const rule = 'get_taas_audit';
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
}

function target(record: Owned): Record<string, unknown> {
  return { ...record, tenant_id: record.project_id };
}
