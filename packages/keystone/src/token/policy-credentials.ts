import type { TokenInfo } from './token-info.js';

/** The token's owner in the words of policy rules (oslo.context's policy values), without `is_admin`. */
export function policyCredentials(info: TokenInfo): Record<string, unknown> {
  return {
    user_id: info.userId,
    user_name: info.userName,
    user_domain_id: info.userDomainId,
    system_scope: info.system ? 'all' : null,
    domain_id: info.domainId,
    project_id: info.projectId,
    tenant_id: info.projectId,
    project_name: info.projectName,
    project_domain_id: info.projectDomainId,
    roles: info.roles,
    is_admin_project: info.isAdminProject,
  };
}
