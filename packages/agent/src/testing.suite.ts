// For tests of other packages alone. Not compiled.
export { dryRun } from './dry-run.js';
