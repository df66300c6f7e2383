export {
  type CountingPoints,
  countingPoints,
  type Direction,
  type EntryPoint,
  indicesOf,
  type MirrorPoint,
} from './counting/counting-points.js';
export { KeptCountingPoints } from './counting/kept-counting-points.js';
export { findPort, findUplink, isPort, portOf, tagOrPort, uplinkOf } from './find-interface.js';
export { listMark } from './flows/flow-filter.js';
export { isInLayer2, uplinkIndices } from './layer2-uplinks.js';
export { canonicalAddress, defaultBridgeDomains, type NodeFacts } from './node-facts.js';
export * from './objects/acl.js';
export * from './objects/bridge-domain.js';
export * from './objects/classifier.js';
export { type ClassifierTable, classifiedBytes, type FrameClassifier } from './objects/frame-classifier.js';
export * from './objects/gre.js';
export * from './objects/interface.js';
export * from './objects/layer2-features.js';
export * from './objects/loopback.js';
export type { AnyStep, Ref } from './objects/object.js';
export * from './objects/policer.js';
export * from './objects/registry.js';
export * from './objects/route.js';
export * from './objects/span.js';
export * from './objects/sub-interface.js';
export type { Table, TableView } from './objects/table.js';
export * from './objects/vxlan.js';
export type { Blocker } from './plan/blocker.js';
export type { NoCopies, StillMirror } from './plan/no-copies.js';
export { type InSlices, NodePlanner } from './plan/node-planner.js';
export { noOverload, type Overload } from './plan/overload.js';
export type { Outlook, Plan, Sequence } from './plan/plan.js';
export { planNode, planTaps, type TapIds } from './plan/plan-node.js';
export { revivesSource } from './plan/plan-source.js';
export type { Unseen } from './plan/planning.js';
export { type Verdict, verify, verifying } from './plan/verify.js';
export { linksOf } from './services/links-of.js';
export { type ActualView, countChanges, createSnapshot, type VppSnapshot } from './snapshot.js';
export {
  deletedBy,
  describeStep,
  inverseOf,
  refsOf,
  type StepKind,
  touchedBy,
  waitsForAnswers,
} from './steps.js';
export * from './tags.js';
export { idOf } from './tap-of-tag.js';
export { Wanted, type WantedFlow, type WantedService } from './wanted/wanted.js';
export { type WantedMirror, WantedMirrors } from './wanted/wanted-mirrors.js';
export { fingerprintOf, keyOf, type WatchedItem, watchedItems } from './watch/fingerprint.js';
export { type Interest, interestIn, interestOf, unitsAskingFor } from './watch/interest.js';
