export { ReleaseApi } from './api/definitions.js';
export { newestRelease, type Release, type ReleaseName, releases } from './api/releases.js';
export type { AclRule } from './engine/acl-table.js';
export { Engine } from './engine/engine.js';
export { type Interface, type InterfaceCounters, NO_INDEX } from './engine/interface.js';
export { INPUT, OUTPUT } from './engine/l2-features.js';
export { EngineError, RETVAL } from './engine/retval.js';
export { SPAN_STATE, type SpanRow } from './engine/span-table.js';
export { TAG_REWRITE } from './engine/tag-rewrite.js';
export { type FrameListener, Port, type PortOptions } from './port.js';
export { frameReader, type PortEndpoint, withLength } from './port-endpoint.js';
export {
  createSimulator,
  joinUplinks,
  Simulator,
  type SimulatorFaults,
  type SimulatorLogger,
  type SimulatorOptions,
  type Writes,
} from './simulator.js';
export type { InterfaceState, SimulatorState } from './state.js';
