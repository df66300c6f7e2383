import { group } from '@taas/service';
import Type from 'typebox';

/** What may be asked without a token that is known here. */
export const strangerOptions = group(
  {
    per_second: Type.Number({
      default: 100,
      minimum: 0,
      maximum: 100_000,
      description:
        'Such requests a second from one client address (IPv6: from one /64), to each server; 0 for no limit.',
    }),
    burst: Type.Integer({
      default: 400,
      minimum: 1,
      maximum: 100_000,
      description: 'Such requests at once after a rest.',
    }),
    concurrent: Type.Integer({
      default: 128,
      minimum: 0,
      maximum: 100_000,
      description: 'Such requests in progress at a time from one client address; 0 for no limit.',
    }),
  },
  'Requests without a token, or with one that neither Keystone nor Neutron has accepted lately, in auth.mode keystone: they ' +
    'have a share of their own of everything, so that those who are known do not notice them.',
);
