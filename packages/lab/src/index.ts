export { ApiError, type NewTapFlow, type NewTapMirror, TaasClient, type TapView } from './api-client.js';
export { benchMain } from './bench/bench-main.js';
export { percentile } from './bench/bench-result.js';
export { type Memory, memoryOf, processorSeconds } from './bench/process-memory.js';
export type { Answer, AskOptions } from './cloud/ask.js';
export { Cloud, type CloudNode } from './cloud/cloud.js';
export { physnet, segmentsFor, tunnelAddress } from './cloud/cloud-network.js';
export type {
  TestService,
  TokenKeystoneOptions,
  TokenNeutronOptions,
  TokenPort,
} from './cloud/cloud-of-tokens.js';
export type {
  BindingsChoice,
  CloudOptions,
  ProcessChoice,
  Seams,
  ServerOptions,
  StoreChoice,
  SwitchChoice,
} from './cloud/cloud-options.js';
export { HostReceiver, joinHost } from './cloud/host-receiver.js';
export { HostSender } from './cloud/host-sender.js';
export { agentConfig } from './cloud/program-configs.js';
export { startSwitches } from './cloud/switches.js';
export { readyz, type Unit } from './cloud/unit.js';
export { deleteV2, getV2, putV2 } from './cloud/v2-keys.js';
export { connectToSwitch } from './connect-to-switch.js';
export { demoMain } from './demo/demo-main.js';
export { freePort } from './free-port.js';
export type {
  Capture,
  Frame,
  HostOptions,
  LabPort,
  LabSwitch,
  OutsideOptions,
  PortCounters,
  PortOptions,
  SubportOptions,
} from './lab-switch.js';
export { type ProgramName, ProgramProcess, type ProgramSpec, programScript } from './program-process.js';
export { makeMemif } from './real-memif.js';
export { RealSwitch } from './real-switch.js';
export { Relay, type RelayEnd, type RelayFilter, type RelayFilterFactory, type RelayOptions } from './relay.js';
export { type SettleOptions, settled } from './settle.js';
export { SimSwitch } from './sim-switch.js';
export { SimWire } from './sim-wire.js';
export {
  anyProcessor,
  burstSize,
  findTestpmd,
  testpmdInstallHint,
  VhostVm,
  type VhostVmCounters,
} from './vhost-vm.js';
export { refusableMessages, type VppFaultKind, VppFaults } from './vpp-faults.js';
export { findVpp, startupConfiguration, type VppBinary, VppProcess } from './vpp-process.js';
export { withoutBounds } from './without-bounds.js';
