export { type ExtensionDocument, type ResourceDocument, taasExtensions, taasResources } from './amended-documents.js';
export { networkOf, ProxyError, TrustedProxies } from './client-address.js';
export { type Client, Clients, type ClientsOptions } from './clients.js';
export { GatewayError } from './gateway-error.js';
export { neutronPath, pathOfTarget } from './neutron-path.js';
export { createPassThrough, type PassThrough, type Question, type WholeAnswer } from './pass-through.js';
export {
  defaultPassThroughLimits,
  defaultPassThroughTimeouts,
  type PassThroughHooks,
  type PassThroughLimits,
  type PassThroughOptions,
  type PassThroughTimeouts,
  type PortDeletion,
} from './pass-through-options.js';
