import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { architectureOf, findRuntime, foreignLibraries } from './node-runtime.mjs';

describe('the Node.js that packages bring', () => {
  it('may be linked with the C and C++ libraries alone', () => {
    const usual = ['libdl.so.2', 'libstdc++.so.6', 'libm.so.6', 'libgcc_s.so.1', 'libpthread.so.0', 'libc.so.6'];
    expect(foreignLibraries([...usual, 'ld-linux-x86-64.so.2', 'ld-linux-aarch64.so.1'])).toEqual([]);
    expect(foreignLibraries([...usual, 'libnode.so.115', 'libcrypto.so.3'])).toEqual([
      'libnode.so.115',
      'libcrypto.so.3',
    ]);
    // musl's has another name, and none of these packages' dependencies.
    expect(foreignLibraries(['libc.musl-x86_64.so.1'])).toHaveLength(1);
  });

  it('is refused with their names otherwise', () => {
    // Debian's git is linked with zlib, as a Node.js of a distribution is.
    expect(() => findRuntime('/usr/bin/git')).toThrow(/needs lib\S+.*nodejs\.org/);
  });

  it('says for which architecture it is', () => {
    const elf = readFileSync(process.execPath).subarray(0, 64);
    expect(architectureOf(elf)).toBe({ x64: 'amd64', arm64: 'arm64' }[process.arch]);
    const other = Buffer.from(elf);
    other.writeUInt16LE(183, 18);
    expect(architectureOf(other)).toBe('arm64');
    other.writeUInt16LE(8, 18);
    expect(() => architectureOf(other)).toThrow(/machine 8/);
    expect(() => architectureOf(Buffer.from('#!/bin/sh\nexec something else\n'))).toThrow(/amd64 and arm64/);
  });
});
