export type { Absence } from './absence-check.js';
export type { NetworkSegment, NeutronNetwork, SegmentRange } from './network.js';
export {
  createNeutronClient,
  type NeutronClient,
  type NeutronClientOptions,
  type PortsView,
} from './neutron-client.js';
export { NeutronUnauthorizedError, NeutronUnavailableError, neutronUnavailable } from './neutron-error.js';
export type { NeutronPort, PortBinding } from './port.js';
export { bindingOrOwnerChanged, type PortChange } from './port-diff.js';
export { createPortLookup, type PortLookup, type PortLookupOptions } from './port-lookup.js';
export { createPortWatcher, type PortPass, type PortWatcher, type PortWatcherOptions } from './port-watcher.js';
