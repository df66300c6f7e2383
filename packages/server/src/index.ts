export { type Compiled, compileService } from './compiler/compile-service.js';
export { Compiler } from './compiler/compiler.js';
export { sliceOf } from './compiler/service-slice.js';
export { ClusterView } from './view/cluster-view.js';
export { LiveView, ViewBehindError } from './view/live-view.js';
