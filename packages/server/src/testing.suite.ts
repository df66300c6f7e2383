// For tests of other packages alone: what is inside of this one, by the names that they need. Not compiled.
export { remoteAddressPolicy, usualRemoteAddresses } from './addresses/remote-address-policy.js';
export { openApi } from './api/openapi.js';
export { auditedStore } from './audit/audited-store.js';
export { Behalves } from './auth/actor.js';
export { captureAttributes } from './captures/capture-wish.js';
export { FakeKeystone, FakeNeutron, serveKeystone } from './conformance/fake-cloud.suite.js';
export { openPage } from './dashboard/open-page.js';
export { words } from './errors/neutron-error.js';
export { serverHistograms, serverMetrics } from './metrics/server-metrics.js';
export { createServer, type Server } from './server.js';
export { openServerFiles } from './server-files.js';
export { RequestLeases } from './statistics/request-leases.js';
export { silences } from './statistics/statistics-answer.js';
export { StatisticsDesk } from './statistics/statistics-desk.js';
export { attributes } from './taps/tap-kinds.js';
export { LiveView } from './view/live-view.js';
