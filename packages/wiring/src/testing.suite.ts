// For tests of other packages alone. Not compiled.
export { VppDouble } from './testing/vpp-double.js';
