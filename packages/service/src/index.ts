export { type BackoffPolicy, backoffDelay } from './backoff.js';
export { type Clock, systemClock } from './clock.js';
export { healthOptions, type LogConfig, logOptions, portOption } from './common-options.js';
export { ConfigError, checkConfig, loadConfig } from './config-file.js';
export { describeOptions, group, type OptionEntry, options, optionsOf } from './config-schema.js';
export { type Health, type HealthProbes, type HealthServer, startHealthServer } from './health-server.js';
export { createLogger, type LogLevel, logLevels } from './log.js';
export { type LogFields, type Logger, silentLogger } from './logger.js';
export { errorChain, type ProgramOptions, runProgram, UsageError, untilAborted } from './program.js';
