import Type, { type TObject, type TProperties, type TSchema } from 'typebox';

/** An object of options: one that is not named in it is an error, so that a typing mistake cannot pass for a default. */
export function options<P extends TProperties>(properties: P, description?: string): TObject<P> {
  return Type.Object(properties, {
    additionalProperties: false,
    ...(description === undefined ? {} : { description }),
  });
}

/** As {@link options}, for a group that may be left out altogether because each option in it has a default. */
export function group<P extends TProperties>(properties: P, description: string): TObject<P> {
  return Type.Object(properties, { additionalProperties: false, default: {}, description });
}

/** The parts of a JSON schema that the documentation of an option shows. */
export interface OptionFacts {
  readonly description?: string;
  readonly default?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly enum?: readonly unknown[];
  readonly type?: string;
}

interface Walkable extends OptionFacts {
  readonly properties?: Readonly<Record<string, TSchema>>;
  readonly required?: readonly string[];
  readonly items?: TSchema;
}

/** An option, or a group of options, as it is documented. */
export interface OptionEntry {
  /** From the top of the file: `etcd.endpoints`, `segments[].type`. */
  readonly path: string;
  /** Type or choices, range, default: `integer, 0..65535, default 9697`. */
  readonly constraints: string;
  readonly description: string;
  /** Whether other options stand in it. */
  readonly isGroup: boolean;
}

/** Every option of a schema, each group before what is in it. */
export function optionsOf(schema: TSchema, path = ''): OptionEntry[] {
  const walkable = schema as Walkable;
  if (walkable.properties === undefined) return [];
  return Object.entries(walkable.properties).flatMap(([name, child]) => {
    const facts = child as Walkable;
    const here = path === '' ? name : `${path}.${name}`;
    const nested = facts.properties
      ? facts
      : (facts.items as Walkable | undefined)?.properties
        ? facts.items
        : undefined;
    const label = facts.items ? `${here}[]` : here;
    const required = (walkable.required ?? []).includes(name) && facts.default === undefined && !facts.properties;
    const entry = {
      path: label,
      constraints: constraints(facts, required),
      description: facts.description ?? '',
      isGroup: nested !== undefined,
    };
    return nested ? [entry, ...optionsOf(nested as TSchema, label)] : [entry];
  });
}

/** One line an option: `path  (default, range)  what it is`. The text of `--help`. */
export function describeOptions(schema: TSchema): string[] {
  return optionsOf(schema).map((entry) => `${entry.path}  (${entry.constraints})  ${entry.description}`.trimEnd());
}

function constraints(facts: OptionFacts, required: boolean): string {
  const parts: string[] = [];
  if (facts.enum) parts.push(facts.enum.join(' | '));
  else if (facts.type) parts.push(facts.type);
  if (facts.minimum !== undefined || facts.maximum !== undefined)
    parts.push(`${facts.minimum ?? ''}..${facts.maximum ?? ''}`);
  if (facts.default !== undefined) parts.push(`default ${JSON.stringify(facts.default)}`);
  else parts.push(required ? 'required' : 'optional');
  return parts.join(', ');
}
