import { expect, it } from 'vitest';
import { parseState } from './state-text.js';

it('reads the file of an agent that still noted when VPP was cleared', () => {
  const text = JSON.stringify({ v: 1, boot: '7', cleared: '3', saved_at: 5, taps: [], interfaces: [], policers: [] });
  expect(parseState(text)).toMatchObject({ state: { boot: '7' }, savedAt: 5 });
});
