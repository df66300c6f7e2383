// For tests of other packages alone: what is inside of this one, by the names that they need. Not compiled.
export { remoteAddressPolicy, usualRemoteAddresses } from './admission/remote-address-policy.js';
export { attributes } from './api/attributes.js';
export { words } from './api/neutron-error.js';
export { openApi } from './api/openapi.js';
export { Behalves } from './audit/actor.js';
export { auditedStore } from './audit/audited-store.js';
export { FakeKeystone, FakeNeutron, serveKeystone } from './conformance/fake-cloud.suite.js';
export { createServer, type Server } from './server.js';
export { openServerFiles } from './server-files.js';
export { LiveView } from './view/live-view.js';
