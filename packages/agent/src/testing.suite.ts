// For tests of other packages alone. Not compiled.
export { dryRun } from './dry-run.js';
export { Presence } from './presence/presence.js';
export { StateReporter } from './report/state-reporter.js';
export { StateWriter } from './report/state-writer.js';
export { WakeUp } from './wake-up.js';
export { addTaps, eachTap, noTaps, splitTapName, type TapIds, type TapName, tapName } from './wanted/tap-ids.js';
export { WantedFollower } from './wanted/wanted-follower.js';
