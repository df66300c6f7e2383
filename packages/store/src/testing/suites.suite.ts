// For tests of other packages alone: it needs vitest, and is not compiled.
export { describeStoreBehaviour } from '../behaviour.suite.js';
export { put, putAll, View } from '../behaviour-harness.suite.js';
export { EtcdCalls } from '../etcd-calls.js';
export { resolveEtcdOptions } from '../etcd-options.js';
export { watchEtcd } from '../etcd-watch.js';
export { seal } from '../signing/envelope.js';
export { CertificateMaker, type MadeCertificate } from '../signing/signing-certificates.suite.js';
export { openTcpWall, type TcpWall } from '../tcp-wall.suite.js';
export { V2View } from '../v2-view.suite.js';
