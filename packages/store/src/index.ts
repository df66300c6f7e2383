export { createEmbeddedStore, type EmbeddedStore, type EmbeddedStoreOptions } from './embedded-store.js';
export * from './store.js';
export { StoreError, type StoreErrorCode } from './store-error.js';
