import type { Access } from '../auth/access.js';
import type { Caller } from '../auth/authenticator.js';
import { NeutronError } from '../errors/neutron-error.js';

/** What the policy lets somebody do in their project, so that the page offers nothing else. The API asks the policy again. */
export interface Permissions {
  readonly create_tap_service: boolean;
  readonly create_tap_flow: boolean;
  readonly create_tap_mirror: boolean;
  readonly update_tap_service: boolean;
  readonly update_tap_flow: boolean;
  readonly update_tap_mirror: boolean;
  readonly approve_tap_flow: boolean;
  readonly approve_tap_mirror: boolean;
  readonly create_taas_capture: boolean;
  readonly approve_taas_capture: boolean;
  readonly get_taas_audit: boolean;
  readonly get_taas_nodes: boolean;
}

export function permissionsOf(access: Access, caller: Caller): Permissions {
  const own = { project_id: caller.projectId };
  return {
    create_tap_service: lets(() => access.mayCreate('tap_services', own, caller)),
    create_tap_flow: lets(() => access.mayCreate('tap_flows', own, caller)),
    create_tap_mirror: lets(() => access.mayCreate('tap_mirrors', own, caller)),
    update_tap_service: access.updates('tap_services', own, caller),
    update_tap_flow: access.updates('tap_flows', own, caller),
    update_tap_mirror: access.updates('tap_mirrors', own, caller),
    approve_tap_flow: access.approves('tap_flows', own, caller),
    approve_tap_mirror: access.approves('tap_mirrors', own, caller),
    approve_taas_capture: lets(() => access.mayApproveCapture(own, caller)),
    create_taas_capture: lets(() => access.mayCapture(own, caller)),
    get_taas_audit: lets(() => access.mayReadAudit(caller)),
    get_taas_nodes: lets(() => access.mayReadNodes(caller)),
  };
}

function lets(ask: () => void): boolean {
  try {
    ask();
    return true;
  } catch (error) {
    if (error instanceof NeutronError) return false;
    throw error;
  }
}
