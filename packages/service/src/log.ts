import { type LoggerOptions, pino } from 'pino';
import type { Logger } from './logger.js';
import { oneLineJson } from './one-line.js';

export const logLevels = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof logLevels)[number];

export interface LogOptions {
  readonly program: string;
  readonly level: LogLevel;
}

/**
 * JSON lines on standard output, one an event, with the program's name. Fields that could hold a secret are blanked
 * wherever they stand, as a second line of defence: nobody should log them in the first place.
 */
export function createLogger(options: LogOptions): Logger {
  return pino(loggerOptions(options));
}

export function loggerOptions(options: LogOptions): LoggerOptions {
  return {
    level: options.level,
    base: { program: options.program, pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    serializers: { cause: pino.stdSerializers.err, error: pino.stdSerializers.err },
    redact: ['password', '*.password', 'token', '*.token', 'headers["x-auth-token"]', '*.headers["x-auth-token"]'],
    hooks: { streamWrite: oneLineJson },
  };
}
