import { group } from '@taas/service';
import Type from 'typebox';

/** So that no project fills the etcd that it shares with networking-vpp. */
export const writeBudgetOptions = group(
  {
    writes_per_minute: Type.Integer({
      default: 6000,
      minimum: 0,
      maximum: 10_000_000,
      description:
        "Keys that a project's requests may write to etcd within a minute, to each server; a new tap counts as four. 0 for " +
        'no limit.',
    }),
    bytes_per_minute: Type.Integer({
      default: 4 * 1024 * 1024,
      minimum: 0,
      maximum: 1024 * 1024 * 1024,
      description: 'Bytes that they may write likewise; 0 for no limit.',
    }),
  },
  'What a project may write to etcd, so that it does not fill it for the others.',
);
