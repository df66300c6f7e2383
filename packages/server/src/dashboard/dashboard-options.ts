import { group } from '@taas/service';
import Type, { type Static } from 'typebox';

/** The page at `/dashboard/`. */
export const dashboardOptions = group(
  {
    enabled: Type.Boolean({
      default: true,
      description: 'Serve the dashboard at /dashboard/ of the API. It is there in auth.mode keystone alone.',
    }),
    idle_minutes: Type.Integer({
      default: 60,
      minimum: 1,
      maximum: 1440,
      description:
        'How long a log-in lasts without anything that a person does, in minutes; never longer than its Keystone token.',
    }),
    most_sessions: Type.Integer({
      default: 2000,
      minimum: 1,
      maximum: 100_000,
      description: 'Log-ins that this server keeps at a time, in its memory; 16 of one user.',
    }),
  },
  'The dashboard: a page in which taps and captures are looked at and made.',
);

export type DashboardConfig = Static<typeof dashboardOptions>;
