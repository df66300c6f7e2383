import fc from 'fast-check';

// What somebody may write under a key: a record of the right form with any content, a right record with one field replaced, and
// what is none at all.

/** A schema as TypeBox has it: the part of JSON Schema that the records use. */
interface Schema {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly minimum?: number;
  readonly maximum?: number;
}

const uuid = '00000000-0000-4000-8000-00000000e000';
const texts = fc.oneof(
  fc.constantFrom(uuid, 'node-evil', 'node-a', 'node-nowhere', 'physnet1', 'evil', '', '-', '..', '__proto__', '0'),
  fc.constantFrom('10.99.0.1', '10.99.0.2', '10.99.0.3', '192.0.2.1', 'fd99::1', '::ffff:10.99.0.1', 'fe80::1%eth0'),
  fc.constantFrom('garbage', '224.0.0.1', '10.99.0.1/24', '\n', '\u202e', '\u2028', '\u0000', 'x'.repeat(300)),
  fc.string({ unit: 'binary', maxLength: 20 }),
);
/** Addresses that a tunnel may end at come often, since they go the farthest. */
const wholes = fc.oneof(
  fc.constantFrom(0, -1, 1, 4095, 90_001, 16_777_215, 2 ** 32, 2 ** 53, 1e308),
  fc.integer({ min: 200_000 }),
);

/** Values with the types that a schema names, and any content. */
export function ofForm(schema: Schema): fc.Arbitrary<unknown> {
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum) return fc.constantFrom(...schema.enum);
  if (schema.anyOf) return fc.oneof(...schema.anyOf.map(ofForm));
  switch (schema.type) {
    case 'object': {
      const fields = Object.entries(schema.properties ?? {}).map(([name, of]) => [name, ofForm(of)] as const);
      return fc.record(Object.fromEntries(fields), { requiredKeys: [...(schema.required ?? [])] });
    }
    case 'array':
      return fc.array(schema.items ? ofForm(schema.items) : fc.jsonValue(), { maxLength: 4 });
    case 'string':
      return texts;
    case 'integer':
    case 'number':
      return wholes;
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    default:
      return fc.jsonValue();
  }
}

const deep = `${'['.repeat(20_000)}${']'.repeat(20_000)}`;
const odd = fc.oneof(
  texts,
  wholes,
  fc.constantFrom<unknown>(null, true, 0.5, [], {}, Array(5000).fill('p'), [{ port_id: 7 }], { type: 'local' }),
  fc.jsonValue(),
);

/** A right record with one of its fields, or of those of an object in it, replaced. */
function mutated(record: object): fc.Arbitrary<unknown> {
  const inside = Object.entries(record).filter(([, value]) => typeof value === 'object' && value !== null);
  const outer = fc
    .tuple(fc.constantFrom('v', ...Object.keys(record)), odd)
    .map(([f, value]) => ({ ...record, [f]: value }));
  const inner = inside.map(([name, value]: [string, object]) =>
    fc.tuple(fc.constantFrom('0', ...Object.keys(value)), odd).map(([field, replaced]) => {
      const copy = structuredClone(value) as Record<string, unknown>;
      copy[field] = replaced;
      return { ...record, [name]: copy };
    }),
  );
  return fc.oneof(outer, ...inner);
}

/** @param schema of the key's record; null where its value means nothing */
export function hostileValue(schema: object | null, record: object): fc.Arbitrary<string> {
  return fc.oneof(
    ...(schema === null
      ? []
      : [{ weight: 5, arbitrary: ofForm(schema as Schema).map((value) => JSON.stringify(value)) }]),
    { weight: 5, arbitrary: mutated(record).map((value) => JSON.stringify(value)) },
    fc.constant(JSON.stringify(record)),
    fc.json(),
    fc.string({ unit: 'binary' }),
    fc.constantFrom(deep, `{"v":${deep}}`, '{"__proto__":{"v":1},"v":1}', '{"v":1,"v":2}', '"', ''),
  );
}
