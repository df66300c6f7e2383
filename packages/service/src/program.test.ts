import { describe, expect, it } from 'vitest';
import { ConfigError } from './config-file.js';
import { errorChain } from './program.js';

describe('an error on one line', () => {
  it('is followed by its causes, outermost first', () => {
    const cause = new Error('connection refused', { cause: new Error('ECONNREFUSED') });
    expect(errorChain(new Error('etcd cannot be reached', { cause }))).toBe(
      'etcd cannot be reached: connection refused: ECONNREFUSED',
    );
  });

  it('does not repeat a cause that it quotes, nor what a cause draws on further lines', () => {
    const cause = new Error('flow sequence must end with a ] at line 1:\n\nlisten: [\n         ^\n');
    const error = new ConfigError('taas.yaml', ['is not YAML: flow sequence must end with a ] at line 1'], { cause });
    expect(errorChain(error)).toBe('taas.yaml: is not YAML: flow sequence must end with a ] at line 1');
    expect(errorChain(new Error('stopped', { cause }))).toBe('stopped: flow sequence must end with a ] at line 1');
  });

  it('takes what is thrown and is no error as it is', () => {
    expect(errorChain('gone')).toBe('gone');
  });
});
