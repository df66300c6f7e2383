import { createPolicy, defaultRules, loadPolicyFile } from '@taas/policy';
import { fixed } from '@taas/service';
import { describe, expect, it } from 'vitest';
import { Access } from './access.js';
import type { Caller } from './authenticator.js';

const flow = { id: 'f1', project_id: 'acme' };
const accessBy = (text: string) =>
  new Access(fixed(createPolicy({ defaults: defaultRules, overrides: loadPolicyFile(text) })));
const callerOf = (access: Access, projectId: string, ...roles: string[]): Caller =>
  access.caller({ projectId, userId: 'u', token: null, credentials: { project_id: projectId, roles } });
const thrownBy = (work: () => void): unknown => {
  try {
    work();
  } catch (error) {
    return error;
  }
  return null;
};

describe("rules about callers are Neutron's", () => {
  const auditing = `
"context_with_global_access": "role:auditor"
"get_tap_flow": "rule:admin_only or (role:reader and project_id:%(project_id)s) or role:auditor"
`;

  it('context_with_global_access shows all projects, and of them what the rules let', () => {
    const access = accessBy(auditing);
    const auditor = callerOf(access, 'audit', 'auditor');
    expect(access.sees('tap_flows', flow, auditor)).toBe(true);
    expect(access.sees('tap_services', flow, auditor)).toBe(false);
    expect(access.sees('tap_flows', flow, callerOf(access, 'umbrella', 'reader'))).toBe(false);
    expect(auditor).toMatchObject({ isAdmin: false, mayNameProject: false, seesAllProjects: true });
  });

  it('whoever sees a tap and may not change it is told so; whoever does not see it is told that there is none', () => {
    const access = accessBy(auditing);
    const change = (caller: Caller) => thrownBy(() => access.mayChange('delete', 'tap_flows', flow, caller));
    expect(change(callerOf(access, 'audit', 'auditor'))).toMatchObject({ status: 403 });
    expect(change(callerOf(access, 'umbrella', 'member'))).toMatchObject({ status: 404 });
    expect(change(callerOf(access, 'acme', 'reader'))).toMatchObject({ status: 403 });
    expect(change(callerOf(access, 'acme', 'member'))).toBeNull();
  });

  it('without it nobody but the admin looks beyond the own project, whatever get_tap_flow says', () => {
    const access = accessBy('get_tap_flow: "@"');
    expect(access.sees('tap_flows', flow, callerOf(access, 'umbrella', 'reader', 'auditor'))).toBe(false);
    expect(access.sees('tap_flows', flow, callerOf(access, 'umbrella', 'admin'))).toBe(true);
  });

  it.each(['service', 'advsvc'])('role %s is a service: all projects, as far as the rules let', (role) => {
    const lax = accessBy('get_tap_flow: "role:service or role:advsvc"');
    expect(lax.sees('tap_flows', flow, callerOf(lax, 'services', role))).toBe(true);
    const usual = accessBy('');
    const service = callerOf(usual, 'services', role, 'member', 'reader');
    expect(usual.sees('tap_flows', flow, service)).toBe(false);
    expect(service).toMatchObject({ isAdmin: false, mayNameProject: true });
  });

  it('is_admin, has_global_access and can_set_project_id can be asked for in rules', () => {
    const access = accessBy(`
context_with_global_access: "role:auditor"
get_tap_flow: "is_admin:True or has_global_access:True"
create_tap_flow: "can_set_project_id:True"
`);
    const sees = (...roles: string[]) => access.sees('tap_flows', flow, callerOf(access, 'x', ...roles));
    expect([sees('admin'), sees('auditor'), sees('service'), sees('member')]).toEqual([true, true, false, false]);
    const creates = (...roles: string[]) =>
      thrownBy(() => access.mayCreate('tap_flows', flow, callerOf(access, 'x', ...roles))) === null;
    expect([creates('admin'), creates('service'), creates('auditor'), creates('member')]).toEqual([
      ...[true, true, false, false],
    ]);
  });
});
