import type { ClusterView } from '../view/cluster-view.js';

/** The ports that have any tap. */
export function tappedPorts(view: ClusterView): Set<string> {
  return new Set([...view.servicesByPort.keys(), ...view.flowsByPort.keys(), ...view.mirrors.byPort.keys()]);
}

/** Whether the port has any tap. */
export function portTapped(view: ClusterView, port: string): boolean {
  return view.servicesByPort.count(port) > 0 || view.flowsByPort.count(port) > 0 || view.mirrors.byPort.count(port) > 0;
}
