import { readFileSync } from 'node:fs';
import type { Static, TSchema } from 'typebox';
import { Value } from 'typebox/value';
import { readPlainYaml, YamlError } from './plain-yaml.js';

/** A configuration that cannot be used: every problem at once, each naming its option. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';

  constructor(
    readonly source: string,
    readonly problems: readonly string[],
    options?: ErrorOptions,
  ) {
    super(`${source}: ${problems.join('; ')}`, options);
  }
}

/**
 * Reads a YAML file of options, fills in defaults and checks it.
 * @throws ConfigError naming the file and each wrong or unknown option
 */
export function loadConfig<S extends TSchema>(schema: S, file: string): Static<S> {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new ConfigError(file, ['cannot be read'], { cause });
  }
  return parseConfig(schema, text, file);
}

/** As {@link loadConfig}, of a text that is at hand already; `source` names it in the error. */
export function parseConfig<S extends TSchema>(schema: S, text: string, source: string): Static<S> {
  return checkConfig(schema, yamlOf(text, source) ?? {}, source);
}

function yamlOf(text: string, file: string): unknown {
  try {
    return readPlainYaml(text).value;
  } catch (cause) {
    if (!(cause instanceof YamlError)) throw cause;
    throw new ConfigError(
      file,
      cause.problems.map(({ line, message }) => `line ${line}: ${message}`),
      { cause },
    );
  }
}

/** As {@link loadConfig}, for options that are at hand already; `source` names them in the error. */
export function checkConfig<S extends TSchema>(schema: S, value: unknown, source: string): Static<S> {
  const filled = Value.Default(schema, structuredClone(value));
  if (Value.Check(schema, filled)) return filled as Static<S>;
  const problems = [...Value.Errors(schema, filled)].flatMap(describe);
  throw new ConfigError(source, [...new Set(problems)]);
}

interface Problem {
  readonly keyword: string;
  readonly instancePath: string;
  readonly message: string;
  readonly params: object;
}

function describe(problem: Problem): string[] {
  const at = problem.instancePath.slice(1).replaceAll('/', '.');
  const named = (names: unknown, what: string): string[] =>
    Array.isArray(names) ? names.map((name) => `${what} option "${at === '' ? '' : `${at}.`}${String(name)}"`) : [];
  const params = problem.params as {
    additionalProperties?: unknown;
    requiredProperties?: unknown;
    allowedValues?: unknown;
  };
  if (problem.keyword === 'additionalProperties') return named(params.additionalProperties, 'unknown');
  if (problem.keyword === 'required') return named(params.requiredProperties, 'missing');
  // A "boolean" problem is how the checker repeats an unknown property below its own path.
  if (problem.keyword === 'boolean') return [];
  const allowed = Array.isArray(params.allowedValues) ? `: ${params.allowedValues.join(', ')}` : '';
  return [`option "${at}" ${problem.message}${allowed}`];
}
