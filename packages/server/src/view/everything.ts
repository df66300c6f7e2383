import type { ClusterView } from './cluster-view.js';

// All that there is, one after the other, for who looks at it in slices: some may come more than once. While somebody goes through it the
// view may move on: what comes or goes meanwhile is told as an event.

/** Every tap service that there is anything of. */
export function* everyService({ services, flowsByService, nodeRecords, segments }: ClusterView): Generator<string> {
  yield* services.keys();
  yield* flowsByService.keys();
  yield* nodeRecords.services();
  yield* segments.services();
}

/** Every port that a tap uses or that something is written of. */
export function* everyPort(view: ClusterView): Generator<string> {
  yield* view.portRoles.keys();
  yield* view.places.recorded();
  yield* view.servicesByPort.keys();
  yield* view.flowsByPort.keys();
  yield* view.mirrors.byPort.keys();
}
