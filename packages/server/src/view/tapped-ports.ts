import type { ClusterView } from './cluster-view.js';

/** The ports that have any tap. */
export function tappedPorts(view: ClusterView): Set<string> {
  return new Set([...view.servicesByPort.keys(), ...view.flowsByPort.keys(), ...view.mirrors.byPort.keys()]);
}

/** Whether the port has any tap, besides the flow that is named. */
export function portTapped(view: ClusterView, port: string, besides?: string): boolean {
  const own = besides !== undefined && view.flowsByPort.has(port, besides) ? 1 : 0;
  if (view.servicesByPort.count(port) > 0 || view.flowsByPort.count(port) > own) return true;
  return view.mirrors.byPort.count(port) > 0;
}
