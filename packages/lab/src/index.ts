export { RealSwitch } from './real-switch.js';
export { settled } from './settle.js';
export { findVpp } from './vpp-process.js';
