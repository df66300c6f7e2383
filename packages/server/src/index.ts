export {
  type RemoteAddressPolicy,
  remoteAddressPolicy,
  usualRemoteAddresses,
} from './addresses/remote-address-policy.js';
export { type Authenticator, type Caller, closedAuthenticator, UnauthenticatedError } from './auth/authenticator.js';
export { developmentAuthenticator, UnsafeListenError } from './auth/development.js';
export type { OpenReceiver, ReceiverSocket } from './captures/receiver-socket.js';
export { compileService } from './compiler/compile-service.js';
export type { Compiled } from './compiler/compiled.js';
export { Compiler, type CompilerStats } from './compiler/compiler.js';
export type { SegmentOption, SegmentPolicy } from './compiler/segment-options.js';
export { type ServiceSlice, sliceOf } from './compiler/service-slice.js';
export { checkServerConfig, configWarnings, type ServerConfig, serverConfigSchema } from './config.js';
export type { PageFiles } from './dashboard/page-files.js';
export { NeutronError } from './errors/neutron-error.js';
export { migrateProgram } from './migrate-program.js';
export { serverProgram } from './program.js';
export type { OpenSender, SenderSocket } from './receipts/sender-socket.js';
export type { ServerDeps } from './server/server-deps.js';
export { createServer, type Server } from './server.js';
export { StatusReader } from './status/tap-status.js';
export { boundPorts, type PortDirectory, type PortKnowledge } from './taps/admission/port-directory.js';
export type { ClusterView } from './view/cluster-view.js';
export { LiveView, ViewBehindError } from './view/live-view.js';
