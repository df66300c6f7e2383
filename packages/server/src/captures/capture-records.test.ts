import { expect, it } from 'vitest';
import { captureConsent } from './capture-records.js';

it('does not take a tap for agreed to that the view does not know', () => {
  const parts = [{ port: 'p', direction: 'IN', service: 's', flow: 'f' }] as const;
  const view = { flows: new Map(), services: new Map() };
  expect(() => captureConsent(parts, view, { userId: 'bob' }, 0)).toThrow(expect.objectContaining({ status: 409 }));
});
