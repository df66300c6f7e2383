import type { RuleDefault } from './rule-default.js';

/*
 * Sources: openstack/tap-as-a-service f7b99350 (2026-04) neutron_taas/policies/*.py; openstack/neutron-lib 6cd671a8
 * neutron_lib/policy/rules.py and _engine.py; openstack/neutron 2131d26f neutron/conf/policies/base.py and quotas.py.
 */
const adminOrMember = '(rule:admin_only) or (role:member and project_id:%(project_id)s)';
/** The owner of the port, whose project is the tap's: not the administrator, who may be the one that asks. */
const ownMember = 'role:member and project_id:%(project_id)s';
const adminOrReader = '(rule:admin_only) or (role:reader and project_id:%(project_id)s)';
const adminOrManager = '(rule:admin_only) or (role:manager and project_id:%(project_id)s)';

const baseRules: readonly RuleDefault[] = [
  { name: 'context_is_admin', check: 'role:admin', description: 'Who administers the cloud and sees all projects' },
  {
    name: 'context_with_global_access',
    check: '!',
    description: "Who, besides the administrator, is shown all projects' resources as far as the rules about them let",
  },
  {
    name: 'context_can_set_project_id',
    check: '!',
    description: 'Who, besides the administrator, may create a resource for another project',
  },
  { name: 'context_is_advsvc', check: 'role:advsvc', description: 'Who acts as an advanced service' },
  { name: 'service_api', check: 'role:service', description: 'Who calls as a service' },
  { name: 'owner', check: 'project_id:%(project_id)s', description: "The resource's own project" },
  { name: 'admin_or_owner', check: 'rule:context_is_admin or rule:owner', description: 'Administrator or owner' },
  { name: 'admin_only', check: 'rule:context_is_admin', description: 'The administrator alone' },
  { name: 'regular_user', check: '', description: 'Everybody with a valid token' },
];

/**
 * Upstream lets only a member read services and flows, yet a reader read mirrors; here a reader reads all three, which
 * is what the role is for (and what upstream's deprecated rule, in force together with the new one, still gives).
 */
function tapRules(resource: string, title: string): RuleDefault[] {
  const collection = `/v2.0/taas/${resource}s`;
  const item = `${collection}/{id}`;
  return [
    rule(`create_${resource}`, adminOrMember, `Create a ${title}`, [['POST', collection]]),
    rule(`update_${resource}`, adminOrMember, `Update a ${title}`, [['PUT', item]]),
    rule(`get_${resource}`, adminOrReader, `List and show ${title}s`, [
      ['GET', collection],
      ['GET', item],
    ]),
    rule(`get_${resource}_statistics`, adminOrReader, `Show what has been counted of a ${title}`, [
      ['GET', `${item}/statistics`],
    ]),
    ...(resource === 'tap_service'
      ? []
      : [
          rule(`approve_${resource}`, ownMember, `Agree to a ${title} that somebody else asked for`, [
            ['PUT', `${item}/approve`],
          ]),
        ]),
    rule(`delete_${resource}`, adminOrMember, `Delete a ${title}`, [['DELETE', item]]),
  ];
}

function rule(name: string, check: string, description: string, operations: [string, string][]): RuleDefault {
  return {
    name,
    check,
    description,
    operations: operations.map(([method, path]) => ({ method, path })),
    scopes: ['project'],
  };
}

/** The rules of a service that nobody has configured. */
export const defaultRules: readonly RuleDefault[] = [
  ...baseRules,
  ...tapRules('tap_service', 'tap service'),
  ...tapRules('tap_flow', 'tap flow'),
  ...tapRules('tap_mirror', 'tap mirror'),
  rule('give_taas_id', 'rule:service_api', 'Give a new tap its id, for a service that keeps taps itself', [
    ['POST', '/v2.0/taas/tap_services'],
    ['POST', '/v2.0/taas/tap_flows'],
    ['POST', '/v2.0/taas/tap_mirrors'],
  ]),
  rule('get_taas_audit', 'rule:admin_only', 'Read the audit trail', [['GET', '/v2.0/taas/audit']]),
  rule('get_taas_nodes', 'rule:admin_only', 'List the nodes and what their agents tell of them', [
    ['GET', '/v2.0/taas/nodes'],
  ]),
  rule('get_taas_tapped_port', adminOrReader, "List who copies the project's ports", [
    ['GET', '/v2.0/taas/tapped_ports'],
    ['GET', '/v2.0/taas/tapped_ports/{port_id}'],
  ]),
  rule('create_taas_capture', adminOrMember, "Capture the traffic of the project's ports", [
    ['POST', '/v2.0/taas/captures'],
  ]),
  rule('get_taas_capture', adminOrMember, 'List, show and read captures', [
    ['GET', '/v2.0/taas/captures'],
    ['GET', '/v2.0/taas/captures/{id}'],
    ['GET', '/v2.0/taas/captures/{id}/stream'],
    ['GET', '/v2.0/taas/captures/{id}/packets'],
  ]),
  rule('approve_taas_capture', ownMember, 'Agree to a capture that somebody else asked for', [
    ['PUT', '/v2.0/taas/captures/{id}/approve'],
  ]),
  rule('delete_taas_capture', adminOrMember, 'End a capture', [['DELETE', '/v2.0/taas/captures/{id}']]),
  rule('get_quota', adminOrManager, "Show a project's quota", [['GET', '/v2.0/quotas/{project_id}']]),
  rule('update_quota', 'rule:admin_only', "Change a project's quota", [['PUT', '/v2.0/quotas/{project_id}']]),
  rule('delete_quota', 'rule:admin_only', "Reset a project's quota", [['DELETE', '/v2.0/quotas/{project_id}']]),
];
