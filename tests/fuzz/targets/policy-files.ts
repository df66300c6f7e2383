import { createPolicy, defaultRules, loadPolicyFile, PolicyError } from '@taas/policy';
import type { FuzzTarget } from '../fuzz-target.js';
import { ownMemory } from '../own-memory.js';
import { withoutValues } from './without-values.js';

const files = [
  '"create_tap_mirror": "!"\n',
  '"create_tap_flow": "role:member and project_id:%(project_id)s"\n',
  '"owner": "tenant_id:%(tenant_id)s"\n"get_tap_flow": "rule:owner or (role:admin and not role:guest)"\n',
  '"get_tap_service": [["rule:admin_only"], ["role:reader", "project_id:%(project_id)s"]]\n',
  // Found: it took the whole process, since what builds YAML's tree calls itself.
  `{"get_tap_flow": ${'[{a: '.repeat(1_000)}`,
  '{"delete_tap_flow": "@", "delete_tap_mirror": "\'x\':%(name)s or None:%(description)s"}\n',
];

const allDefaults = defaultRules.map(({ name, check }) => `"${name}": "${check}"`).join('\n');

/** Policy files and their rules, each evaluated for a caller who has few rights. */
export const policyFiles: FuzzTarget = {
  name: 'policy',
  what: 'policy files, and what their rules decide',
  open: async () => ({
    corpus: [...files, allDefaults].map((text) => new TextEncoder().encode(text)),
    dictionary: [
      '!',
      '@',
      '!!str',
      '!!',
      '&a',
      '*a',
      '<<:',
      '%(',
      ')s',
      'rule:',
      'role:',
      ' and ',
      ' or ',
      'not ',
      '((',
      '))',
    ],
    run: (input) => {
      const text = new TextDecoder().decode(input);
      try {
        const policy = createPolicy({ defaults: defaultRules, overrides: loadPolicyFile(text) });
        const credentials = { roles: ['guest'], project_id: 'b', user_id: 'u' };
        return `decides: ${policy.check('create_tap_flow', { project_id: 'a' }, credentials)}`;
      } catch (error) {
        if (error instanceof PolicyError) return `refused: ${withoutValues(error.problems[0]?.message ?? '')}`;
        throw error;
      }
    },
    memory: ownMemory,
    close: async () => undefined,
  }),
};
