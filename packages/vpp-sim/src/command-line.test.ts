import { describe, expect, it } from 'vitest';
import { readCommandLine, UsageError } from './command-line.js';

describe('the command line', () => {
  it('names socket, ports and uplinks', () => {
    const args = ['--socket', '/s', '--port', 'vm1,tag=net-vpp.port:1,bd=10,socket=/vm1', '--uplink', 'up'];
    const none = { tag: undefined, bridgeDomain: undefined, socket: undefined };
    expect(readCommandLine(args)).toEqual({
      socket: '/s',
      name: 'vpp-sim',
      ports: [{ name: 'vm1', tag: 'net-vpp.port:1', bridgeDomain: 10, socket: '/vm1' }],
      uplinks: [{ name: 'up', ...none }],
    });
    expect(readCommandLine(['--help'])).toBeUndefined();
  });

  it.each([
    [[], '--socket is missing'],
    [['--socket', '/s', '--nonsense'], 'nonsense'],
    [['--socket', '/s', '--port', ',bd=1'], 'names no device'],
    [['--socket', '/s', '--port', 'a,bd=x'], '"x" is no bridge domain id'],
    [['--socket', '/s', '--uplink', 'a,colour=red'], 'no setting "colour"'],
  ])('%j is refused: %s', (args, message) => {
    expect(() => readCommandLine(args)).toThrow(UsageError);
    expect(() => readCommandLine(args)).toThrow(message);
  });
});
