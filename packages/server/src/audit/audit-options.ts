import { group } from '@taas/service';
import Type, { type Static } from 'typebox';

/** Where the audit trail goes, and how long etcd keeps it. */
export const auditOptions = group(
  {
    file: Type.String({
      default: '',
      description:
        'File that the leading server appends the audit trail to, one JSON object a line; - for standard output. ' +
        'Empty: the trail is in etcd alone, as long as it is kept there.',
    }),
    required: Type.Boolean({
      default: false,
      description: 'Refuse to make or change taps (503) while many entries wait to be written to the file.',
    }),
    keep_days: Type.Integer({
      default: 90,
      minimum: 1,
      maximum: 3650,
      description: 'How long etcd keeps entries, in days.',
    }),
    keep_records: Type.Integer({
      default: 10_000,
      minimum: 100,
      maximum: 100_000,
      description:
        'How many records (one a change, about 700 bytes) etcd keeps, whatever their age. What is not in the file yet ' +
        'stays until there are twice as many.',
    }),
  },
  'Who tapped whose port to where.',
);

export type AuditConfig = Static<typeof auditOptions>;

/** What a schema cannot say of them. */
export function auditProblems({ required, file }: AuditConfig): string[] {
  return required && file === '' ? ['option "audit": required needs a file'] : [];
}
