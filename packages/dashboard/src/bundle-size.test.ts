import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

it('is at most 150 kB to load, as it is sent', async () => {
  execFileSync(process.execPath, [at('../bundle.mjs')]);
  const made = /^export const files = (.*);$/m.exec(readFileSync(at('../dist/files.js'), 'utf8'))?.[1] ?? '{}';
  const files: Record<string, { readonly text: string }> = JSON.parse(made);
  expect(Object.keys(files).sort()).toEqual(['app.css', 'app.js', 'icon.svg', 'index.html']);
  const bytes = Object.values(files).reduce((sum, { text }) => sum + gzipSync(text).length, 0);
  expect(bytes).toBeGreaterThan(10_000);
  expect(bytes).toBeLessThan(150_000);
});

it('asks nothing of anybody else: no address of another host is in it', () => {
  const page = readFileSync(at('../page/index.html'), 'utf8') + readFileSync(at('../page/app.css'), 'utf8');
  expect(page).not.toMatch(/https?:|url\(|@import|<style|style=|onclick/);
});
