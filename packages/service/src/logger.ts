/** A field bag that goes with a log line; the message itself is constant, so that logs can be searched. */
export type LogFields = Readonly<Record<string, unknown>>;

/** The part of pino's interface that the code uses; pino satisfies it as it is. */
export interface Logger {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
  child(fields: LogFields): Logger;
}

const drop = (): void => undefined;

/** A logger that keeps nothing: the default of tests that do not look at logs. */
export const silentLogger: Logger = { debug: drop, info: drop, warn: drop, error: drop, child: () => silentLogger };
