import fc from 'fast-check';
import type { Check } from './check.js';
import { parseTemplate } from './template.js';

const word = fc.stringMatching(/^[a-z][a-z_]{0,5}$/).filter((text) => !['and', 'or', 'not'].includes(text));
export const attributeNames = ['project_id', 'user_id', 'network:project_id'] as const;
const template = fc
  .oneof(
    word,
    fc.constantFrom(...attributeNames).map((name) => `%(${name})s`),
    word.map((text) => `${text}%%-%(project_id)s`),
  )
  .map((text) => parseTemplate(text, 0));
const kinds = ['user_id', 'project_id', 'is_admin', 'roles', 'True', 'None', "'member'", 'token.user.id', '12'];

const leaf: fc.Arbitrary<Check> = fc.oneof(
  fc.constant<Check>({ kind: 'always' }),
  fc.constant<Check>({ kind: 'never' }),
  fc.constantFrom('one', 'two', 'absent').map((name): Check => ({ kind: 'rule', name })),
  template.map((match): Check => ({ kind: 'role', match })),
  fc.record({ resource: word, field: word, value: word }).map((parts): Check => ({ kind: 'field', ...parts })),
  fc
    .record({ left: fc.constantFrom(...kinds), match: template })
    .map((parts): Check => ({ kind: 'attribute', ...parts })),
);

/** Any rule, of a few levels. */
export const arbitraryCheck: fc.Arbitrary<Check> = fc.letrec<{ check: Check }>((tie) => {
  const several = fc.array(tie('check'), { minLength: 2, maxLength: 3 });
  return {
    check: fc.oneof(
      { depthSize: 'small' },
      leaf,
      tie('check').map((check): Check => ({ kind: 'not', check })),
      several.map((checks): Check => ({ kind: 'and', checks })),
      several.map((checks): Check => ({ kind: 'or', checks })),
    ),
  };
}).check;

const ids = fc.constantFrom('p1', 'p2', 'None', 'True', 'member');

/** A target that may lack attributes. */
export const arbitraryTarget = fc.dictionary(fc.constantFrom(...attributeNames), fc.oneof(ids, fc.constant(null)));

export const arbitraryCredentials = fc.record(
  {
    user_id: ids,
    project_id: fc.oneof(ids, fc.constant(null)),
    roles: fc.array(fc.constantFrom('member', 'Reader', 'admin')),
    is_admin: fc.boolean(),
    token: fc.record({ user: fc.record({ id: ids }) }),
  },
  { requiredKeys: [] },
);
