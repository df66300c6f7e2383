import { group } from '@taas/service';
import Type from 'typebox';

/** How fast another server leads. */
export const electionOptions = group(
  {
    ttl_s: Type.Integer({
      default: 10,
      minimum: 2,
      maximum: 300,
      description: 'Silence of the leading server after which another takes over the compiler, in seconds.',
    }),
  },
  'Which replica compiles.',
);
