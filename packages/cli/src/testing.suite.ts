// For tests of other packages alone: what is inside of this one, by the names that they need. Not compiled.
export { causes } from './doctor/causes.js';
export { checks } from './doctor/checks.js';
export { etcdFacts } from './doctor/probe.js';
export { exitCodes } from './exit-codes.js';
export { createProgram } from './program.js';
export { development, RecordingHost, taas } from './testing/recording-host.suite.js';
export { filterVerdict, vlanVerdict } from './trace/filter-verdict.js';
export { packetGrammar } from './trace/packet.js';
