import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { defaultRules } from './defaults.js';
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
  });

  test('without enforce_scope an admin of the system may', () => {
    const lax = createPolicy({ defaults: defaultRules, enforceScope: false });
    expect(lax.check('get_tap_flow', acme, { system_scope: 'all', roles: ['admin'] })).toBe(true);
  });

  test('isAdmin', () => {
    expect(policy.isAdmin(caller('acme', 'admin'))).toBe(true);
    expect(policy.isAdmin(caller('acme', 'member'))).toBe(false);
  });

  test('nothing is odd in them, nor in a file that says the same', () => {
    expect(policy.warnings).toEqual([]);
    const file = defaultRules.map(({ name, check }) => `"${name}": "${check}"`).join('\n');
    expect(createPolicy({ defaults: defaultRules, overrides: loadPolicyFile(file) }).rules()).toEqual(policy.rules());
    expect(loadPolicyFile(file.replaceAll(/^/gm, '# '))).toEqual([]);
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
    ['get_tap_flow: "@"\nget_tap_flow: "!"', /line 2: rule "get_tap_flow": stands at policy.yaml line 1 already/],
    ['get_tap_flow: rule:own\nown: role:a\nown: "@"', /line 3: rule "own": stands at policy.yaml line 2 already/],
    ['get_tap_flow:source_port: "!"', /rule "get_tap_flow:source_port": rules about single attributes/],
    ['get_tap_flow: []', /the rule is empty/],
    ['get_tap_flow: |\n\ncreate_tap_flow: role:a', /the rule is empty/],
    ['get_tap_flow: ~', /the rule is empty/],
    ['get_tap_flow: {role: a}', /a text or a list/],
    ['get_tap_flow: [[role:a, ~]]', /lists of a rule hold texts/],
    ['get_tap_flow: [[[role:a]]]', /lists of a rule hold texts/],
    ['# first\nget_tap_flow: !', /^policy.yaml line 2: "!" is taken for a YAML tag.*in quotes/],
    ['get_tap_flow: !nobody', /line 1: "!nobody" is taken for a YAML tag/],
    ['get_tap_flow: !role:blocked', /line 1: "!role:blocked" is taken for a YAML tag/],
    ['get_tap_flow: !!str role:a', /line 1: "!!str" is taken for a YAML tag/],
    ['get_network: ! role:a', /line 1: "!" is taken for a YAML tag/],
    ['! get_network: role:a', /line 1: "!" is taken for a YAML tag/],
    ['a: &x role:a\nget_tap_flow: *x', /line 1: anchors.*line 2: aliases/],
    ['a: &x {get_tap_flow: "@"}\n<<: *x', /line 2: merge keys/],
    ['get_tap_flow: "!"\n---\nget_tap_flow: "@"', /line 2: not YAML: .*multiple documents/],
    ['%FOO bar\n---\nget_tap_flow: "!"', /line 1: not YAML: .*directive/],
    ['? [a, b]\n: role:a', /name of a rule must be a text/],
    ['7: role:a', /name of a rule must be a text/],
    [`# deep\nget_tap_flow: ${'['.repeat(20_000)}`, /policy.yaml line 2: is nested too deep/],
    [`${'- '.repeat(20_000)}a`, /line 1: is nested too deep/],
    [`${'? '.repeat(20_000)}a`, /line 1: is nested too deep/],
    [`get_tap_flow: ${'{a: '.repeat(20_000)}`, /line 1: is nested too deep/],
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

  test('a rule of others that stands twice is a warning, and the last one counts, as in Neutron', () => {
    const policy = withFile('get_network: role:a\nget_network: role:b');
    expect(policy.warnings).toEqual([
      'policy.yaml line 2: rule "get_network": stands at policy.yaml line 1 already; the last one counts',
    ]);
    expect(policy.rules().get('get_network')).toBe('role:b');
  });

  test('an empty text in quotes is meant for everybody, as in oslo.policy', () => {
    for (const text of ['get_tap_flow: ""', "get_tap_flow: ''", 'get_tap_flow: "@"'])
      expect(withFile(text).check('get_tap_flow', acme, caller('x', 'guest'))).toBe(true);
    expect(withFile('get_tap_flow: "!"').check('get_tap_flow', acme, caller('acme', 'admin'))).toBe(false);
  });

  test('rules that look like ours and are none are warned of, as are ours that nothing refers to', () => {
    const policy = withFile('get_tap_flows: "!"\nContext_is_admin: "!"\nregular_user: "!"\nget_port: "!"');
    expect(policy.warnings).toEqual([
      expect.stringMatching(/line 1: rule "get_tap_flows": is no rule of this service/),
      expect.stringMatching(/line 2: rule "Context_is_admin": is no rule/),
      expect.stringMatching(/line 3: rule "regular_user": no rule in use/),
    ]);
    expect(withFile('own: role:a\nget_tap_flow: rule:own\ncontext_with_global_access: "!"').warnings).toEqual([]);
  });

  test('whatever the values, a file with a tag in it is never taken', () => {
    const scalar = fc.constantFrom('', 'role:a', '"!"', "''", '[]', '[[role:a]]', '|\n  role:a', '{}');
    const tag = fc.constantFrom('!', '!a', '!!str', '!!null', '!<tag:yaml.org,2002:str>', '!role:member');
    const name = fc.constantFrom('get_tap_flow', 'get_network', '"create_tap_mirror"');
    fc.assert(
      fc.property(fc.array(fc.tuple(name, scalar), { maxLength: 3 }), name, tag, scalar, (before, own, mark, value) => {
        const lines = [...before.map(([key, text]) => `${key}: ${text}`), `${own}: ${mark} ${value}`];
        expect(() => loadPolicyFile(lines.join('\n'))).toThrow(PolicyError);
      }),
    );
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
