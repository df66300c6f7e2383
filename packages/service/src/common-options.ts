import Type, { type Static } from 'typebox';
import { group } from './config-schema.js';
import { logLevels } from './log.js';

/** A TCP port to listen on. */
export function portOption(value: number, description: string) {
  return Type.Integer({
    default: value,
    minimum: 0,
    maximum: 65_535,
    description: `${description}; 0 takes a free one.`,
  });
}

/** Where a program answers /healthz and /readyz: `health:` in its configuration file. */
export function healthOptions(defaultPort: number) {
  return group(
    {
      host: Type.String({ default: '127.0.0.1', description: 'Address of /healthz, /readyz and /metrics.' }),
      port: portOption(defaultPort, 'TCP port of /healthz, /readyz and /metrics'),
    },
    'What monitoring asks.',
  );
}

/** What a program logs: `log:` in its configuration file. */
export const logOptions = group(
  { level: Type.Enum([...logLevels], { default: 'info', description: 'Least severe level that is logged.' }) },
  'Logs: JSON lines on standard output.',
);
export type LogConfig = Static<typeof logOptions>;
