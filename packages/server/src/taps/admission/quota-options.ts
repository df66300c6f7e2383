import { group } from '@taas/service';
import Type from 'typebox';
import { usualQuotas } from './quotas.js';

const quotaOption = (what: string, usual: number) =>
  Type.Integer({
    default: usual,
    minimum: -1,
    maximum: 0x7fffffff,
    description: `How many ${what} a project may have; -1 for no limit.`,
  });

/** What a project may have of taps. */
export const quotaOptions = group(
  {
    tap_service: quotaOption('tap services', usualQuotas.tap_service),
    tap_flow: quotaOption('tap flows', usualQuotas.tap_flow),
    tap_mirror: quotaOption('tap mirrors', usualQuotas.tap_mirror),
  },
  'Limits of projects for which no administrator has set others.',
);
