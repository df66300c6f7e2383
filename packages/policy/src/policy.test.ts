import { describe, expect, test } from 'vitest';
import { defaultRules, samplePolicyFile } from './defaults.js';
import { createPolicy } from './policy.js';
import { PolicyError } from './policy-error.js';
import { loadPolicyFile } from './policy-file.js';

const withFile = (text: string) => createPolicy({ defaults: defaultRules, overrides: loadPolicyFile(text) });
const problemsOf = (text: string): string => {
  try {
    withFile(text);
  } catch (error) {
    if (error instanceof PolicyError) return error.message;
    throw error;
  }
  return '';
};
const caller = (projectId: string | null, ...roles: string[]) => ({ project_id: projectId, roles });
const acme = { project_id: 'acme' };

describe('the defaults', () => {
  const policy = createPolicy({ defaults: defaultRules });
  const actions = ['create', 'update', 'get', 'delete'];
  const resources = ['tap_service', 'tap_flow', 'tap_mirror'];
  const allowed = (credentials: Record<string, unknown>, target = acme): string[] =>
    resources.flatMap((resource) =>
      actions
        .filter((action) => policy.check(`${action}_${resource}`, target, credentials))
        .map((a) => `${a} ${resource}`),
    );
  const all = resources.flatMap((resource) => actions.map((action) => `${action} ${resource}`));
  const reads = resources.map((resource) => `get ${resource}`);

  test('a reader reads, a member changes, an admin sees all, a stranger nothing', () => {
    expect(allowed(caller('acme', 'reader'))).toEqual(reads);
    expect(allowed(caller('acme', 'member', 'reader'))).toEqual(all);
    expect(allowed(caller('other', 'admin', 'member', 'reader'))).toEqual(all);
    expect(allowed(caller('umbrella', 'member', 'reader'))).toEqual([]);
    expect(allowed(caller('acme'))).toEqual([]);
  });

  test('tokens without a project, or for the system or a domain, are refused, even an admin of them', () => {
    expect(allowed(caller(null, 'member', 'reader'))).toEqual([]);
    expect(allowed({ system_scope: 'all', roles: ['admin', 'member', 'reader'] })).toEqual([]);
    expect(allowed({ domain_id: 'default', roles: ['admin'] })).toEqual([]);
    expect(policy.explain('get_tap_flow', acme, { system_scope: 'all', roles: ['admin'] })).toMatch(
      /needs a token of scope project, not system/,
    );
  });

  test('without enforce_scope an admin of the system may', () => {
    const lax = createPolicy({ defaults: defaultRules, enforceScope: false });
    expect(lax.check('get_tap_flow', acme, { system_scope: 'all', roles: ['admin'] })).toBe(true);
  });

  test('isAdmin', () => {
    expect(policy.isAdmin(caller('acme', 'admin'))).toBe(true);
    expect(policy.isAdmin(caller('acme', 'member'))).toBe(false);
  });

  test('nothing is odd in them, and the sample says them all', () => {
    expect(policy.warnings).toEqual([]);
    const sample = samplePolicyFile(defaultRules);
    expect(loadPolicyFile(sample)).toEqual([]);
    const opened = createPolicy({ defaults: defaultRules, overrides: loadPolicyFile(sample.replaceAll(/^#"/gm, '"')) });
    expect(opened.rules()).toEqual(policy.rules());
  });
});

describe('policy.yaml', () => {
  test('overrides a default, and the helper rules of defaults', () => {
    const policy = withFile(
      '"create_tap_flow": "role:tapper and project_id:%(project_id)s"\n"context_is_admin": "role:boss"',
    );
    expect(policy.check('create_tap_flow', acme, caller('acme', 'member'))).toBe(false);
    expect(policy.check('create_tap_flow', acme, caller('acme', 'tapper'))).toBe(true);
    expect(policy.check('get_tap_flow', acme, caller('other', 'boss'))).toBe(true);
    expect(policy.isAdmin(caller('acme', 'admin'))).toBe(false);
  });

  test('empty files and the list form', () => {
    expect(loadPolicyFile('')).toEqual([]);
    expect(loadPolicyFile('# nothing\n')).toEqual([]);
    expect(withFile('get_tap_flow: [["role:auditor"], ["role:a", "role:b"]]').rules().get('get_tap_flow')).toBe(
      'role:auditor or (role:a and role:b)',
    );
  });

  test('names the line, the rule, the character and what is wrong, for every bad rule at once', () => {
    const message = problemsOf('# ours\ncreate_tap_flow: "role:member and"\nget_tap_flow: "role:a role:b"\n');
    expect(message).toContain('policy.yaml line 2: rule "create_tap_flow", character 16: the rule ends where');
    expect(message).toContain('policy.yaml line 3: rule "get_tap_flow", character 8: "and" or "or" is missing');
  });

  test.each([
    ['get_tap_flow: rule:typo', /line 1: rule "get_tap_flow": refers to rule "typo", which is not defined/],
    ['get_tap_flow: rule:a\na: rule:b\nb: not rule:a', /rule "a": refers to itself: a -> b -> a/],
    ['owner: rule:admin_or_owner', /rule "owner": refers to itself: owner -> admin_or_owner -> owner/],
    ['get_tap_flow:', /the rule is empty/],
    ['get_tap_flow: 7', /a text or a list/],
    ['get_tap_flow: "@"\nget_tap_flow: "!"', /line 2.*not YAML.*unique/],
    ['- a\n- b', /must be a map/],
    ['a: [', /not YAML/],
  ])('%j', (text, message) => {
    expect(problemsOf(text)).toMatch(message);
  });

  test("Neutron's whole policy.yaml does: what is wrong with other resources' rules warns, and denies", () => {
    const policy = withFile(
      [
        'create_network: "http://decide.example/"',
        'get_network: "rule:nowhere"',
        'loop: "rule:loop"',
        'uses_loop: "not rule:loop"',
        'get_tap_service: "rule:admin_or_owner"',
      ].join('\n'),
    );
    expect(policy.warnings).toHaveLength(3);
    for (const rule of ['create_network', 'get_network', 'loop', 'uses_loop']) {
      expect(policy.check(rule, acme, caller('acme', 'admin'))).toBe(false);
    }
    expect(policy.check('get_tap_service', acme, caller('acme'))).toBe(true);
  });

  test('a rule that is not defined denies, unless there is one named default', () => {
    expect(withFile('').check('no_such_rule', acme, caller('acme', 'admin'))).toBe(false);
    const policy = withFile('default: role:auditor\nget_tap_flow: rule:nowhere');
    expect(policy.check('get_tap_flow', acme, caller('x', 'auditor'))).toBe(true);
    expect(policy.check('no_such_rule', acme, caller('x', 'member'))).toBe(false);
  });

  test('quotes on the right are warned of', () => {
    expect(withFile(`get_tap_flow: "user_id:'abc'"`).warnings.join()).toMatch(/quotes after ":"/);
  });
});

test('explain opens rules and says which check failed', () => {
  const policy = createPolicy({ defaults: defaultRules });
  expect(policy.explain('create_tap_flow', acme, caller('acme', 'reader'))).toBe(
    'create_tap_flow is denied: rule:admin_only[rule:context_is_admin[role:admin(no)]] or ' +
      '(role:member(no) and project_id:%(project_id)s(yes))',
  );
});
