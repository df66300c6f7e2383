export { ApiError, type NewTapFlow, type NewTapMirror, TaasClient, type TapView } from './api-client.js';
export { benchMain } from './bench/bench-main.js';
export { Cloud, type CloudNode } from './cloud.js';
export { type CloudOptions, physnet, tunnelAddress } from './cloud-options.js';
export { demoMain } from './demo/demo-main.js';
export { freePort } from './free-port.js';
export type {
  Capture,
  Frame,
  LabPort,
  LabSwitch,
  OutsideOptions,
  PortCounters,
  PortOptions,
  SubportOptions,
} from './lab-switch.js';
export { ProgramProcess, type ProgramSpec } from './program-process.js';
export { RealSwitch } from './real-switch.js';
export { Relay, type RelayEnd, type RelayFilter, type RelayFilterFactory, type RelayOptions } from './relay.js';
export { type SettleOptions, settled } from './settle.js';
export { SimSwitch } from './sim-switch.js';
export { SimWire } from './sim-wire.js';
export { burstSize, findTestpmd, testpmdInstallHint, VhostVm, type VhostVmCounters } from './vhost-vm.js';
export { refusableMessages, type VppFaultKind, VppFaults } from './vpp-faults.js';
export { findVpp, type VppBinary, VppProcess } from './vpp-process.js';
export { withoutBounds } from './without-bounds.js';
