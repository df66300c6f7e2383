export { type BackoffPolicy, backoffDelay } from './backoff.js';
export type { CertificateEnd } from './certificate-ends.js';
export { type Clock, systemClock } from './clock.js';
export { healthOptions, type LogConfig, logOptions, portOption } from './common-options.js';
export { ConfigError, checkConfig, loadConfig, parseConfig } from './config-file.js';
export { describeOptions, group, type OptionEntry, options, optionsOf } from './config-schema.js';
export { FairTurns, type FairTurnsLimits, TurnsFullError } from './fair-turns.js';
export { authoritiesSource, type KeyPair, keyPairSource, secretSource } from './file-sources.js';
export { type Health, type HealthProbes, type HealthServer, startHealthServer } from './health-server.js';
export { Latest } from './latest.js';
export { createLogger, type LogLevel, logLevels } from './log.js';
export { type LogFields, type Logger, silentLogger } from './logger.js';
export { isInTheClear, isLoopback } from './loopback.js';
export { labelText, metricLines, type SampleLine, sampleLines } from './metric-text.js';
export {
  type Exposition,
  type HistogramDefinition,
  type MetricDefinition,
  Metrics,
  type Observe,
  type Sample,
} from './metrics.js';
export type { NamedFile } from './named-file.js';
export { News } from './news.js';
export { onAbort } from './on-abort.js';
export { oneLineJson } from './one-line.js';
export { type PlainYaml, readPlainYaml, YamlError, type YamlProblem } from './plain-yaml.js';
export { exposeProcess, type ProcessFacts, processMetrics } from './process-metrics.js';
export {
  errorChain,
  type ProgramOptions,
  type ReloadRequests,
  runProgram,
  UsageError,
  untilAborted,
} from './program.js';
export { type ConfigWatch, keepLooking, watchConfig } from './reload.js';
export { type FileAccess, type ProcessIdentity, processIdentity, secretProblem } from './secret-file.js';
export { atOnce, inSlices, type Sliced, sliceMs } from './sliced.js';
export { fixed, type Watched } from './watched.js';
export {
  type FileSource,
  FileWatch,
  type FileWatchDeps,
  type LookResult,
  type RefusedFile,
} from './watched-file.js';
