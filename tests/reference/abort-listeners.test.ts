import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

/** Options of addEventListener that take a listener off by a signal of their own. */
const takenOffBySignal = /addEventListener\([^;]*\{[^{};]*\bsignal\b\s*[:,}]|\{\s*once: true,\s*signal\b/;

it.each([
  ["a.addEventListener('abort', b, { signal: over.signal });", true],
  ["a.addEventListener('abort', () => b(), {\n  once: true,\n  signal,\n});", true],
  ["a.addEventListener('abort', () => { b(); c(); }, { once: true, signal: over.signal });", true],
  ["a.addEventListener('abort', b, { once: true });\nc({ signal });", false],
])('%s', (text, found) => {
  expect(takenOffBySignal.test(text)).toBe(found);
});

it('no program takes a listener off by the option `signal`, which Node forgets (onAbort says why)', () => {
  const root = join(import.meta.dirname, '../../packages');
  const sources = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((path) =>
    /^[^/]+\/src\/.*(?<!\.test)\.ts$/.test(path),
  );
  expect(sources.length).toBeGreaterThan(300);
  expect(sources.filter((path) => takenOffBySignal.test(readFileSync(join(root, path), 'utf8')))).toEqual([]);
});
