import { group } from '@taas/service';
import Type from 'typebox';

/** What a project may ask. */
export const rateLimitOptions = group(
  {
    per_second: Type.Number({
      default: 50,
      minimum: 0,
      maximum: 100_000,
      description: 'Requests a second that a project may send for ever, to each server; 0 for no limit.',
    }),
    burst: Type.Integer({
      default: 1000,
      minimum: 1,
      maximum: 100_000,
      description: 'Requests that a project may send at once after a rest.',
    }),
  },
  "So that one project's loops do not take the server from the others.",
);
