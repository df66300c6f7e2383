import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Type from 'typebox';
import { describe, expect, it } from 'vitest';
import { ConfigError, checkConfig, loadConfig } from './config-file.js';
import { describeOptions, options } from './config-schema.js';

const schema = options({
  node: Type.String({ description: 'Name of this node.' }),
  etcd: options({
    endpoints: Type.Array(Type.String(), { default: ['http://127.0.0.1:2379'], description: 'Where etcd listens.' }),
    timeout_ms: Type.Integer({ default: 5000, minimum: 100, maximum: 60_000, description: 'Time-out of a call, ms.' }),
  }),
  level: Type.Enum(['info', 'debug'], { default: 'info' }),
});

const problems = (value: unknown): readonly string[] => {
  try {
    checkConfig(schema, value, 'test');
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
};

describe('configuration', () => {
  it('fills in defaults', () => {
    expect(checkConfig(schema, { node: 'n1', etcd: {} }, 'test')).toEqual({
      node: 'n1',
      etcd: { endpoints: ['http://127.0.0.1:2379'], timeout_ms: 5000 },
      level: 'info',
    });
  });

  it('names unknown, missing and wrong options, all at once', () => {
    expect(problems({ etcd: { endpoint: 'x', timeout_ms: 5 }, level: 'loud' })).toEqual(
      expect.arrayContaining([
        'missing option "node"',
        'unknown option "etcd.endpoint"',
        expect.stringMatching(/^option "etcd\.timeout_ms" must be >= 100/),
        expect.stringMatching(/^option "level" /),
      ]),
    );
  });

  it('says which file cannot be read or is not YAML', () => {
    expect(() => loadConfig(schema, '/does/not/exist.yaml')).toThrow(/\/does\/not\/exist\.yaml: cannot be read/);
    const file = join(mkdtempSync(join(tmpdir(), 'config-')), 'bad.yaml');
    writeFileSync(file, 'a: [1,\n b: }');
    expect(() => loadConfig(schema, file)).toThrow(/bad\.yaml: line 2: not YAML/);
  });

  it.each([
    ['node: !env NODE', /line 1: .*"!env" is taken for a YAML tag/],
    ['node: n\nlevel: !!str info', /line 2: "!!str" is taken for a YAML tag/],
    ['node: &name n\nlevel: *name', /line 1: anchors.*line 2: aliases/],
    ['<<: { level: info }\nnode: n', /line 1: merge keys/],
    ['node: n\nnode: m', /line 2: not YAML: .*unique/],
    ['node: n\n---\nnode: m', /line 2: not YAML: .*multiple documents/],
    ['node: !!nothing n', /tag/],
  ])('takes nothing that is not what it looks like: %j', (text, says) => {
    const file = join(mkdtempSync(join(tmpdir(), 'config-')), 'odd.yaml');
    writeFileSync(file, text);
    expect(() => loadConfig(schema, file)).toThrow(says);
  });

  it('documents each option with its default and range', () => {
    expect(describeOptions(schema)).toEqual(
      expect.arrayContaining([
        'node  (string, required)  Name of this node.',
        'etcd.timeout_ms  (integer, 100..60000, default 5000)  Time-out of a call, ms.',
      ]),
    );
  });
});
