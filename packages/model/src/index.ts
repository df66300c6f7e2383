export * from './api-record.js';
export * from './filter.js';
export * from './identifiers.js';
export * from './keys.js';
export * from './node-record.js';
export * from './record-codec.js';
export { RecordError } from './record-error.js';
export * from './state-record.js';
export * from './status.js';
