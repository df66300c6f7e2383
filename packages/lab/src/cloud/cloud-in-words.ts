import type { Cloud } from './cloud.js';

/** One line on what a cloud consists of. */
export function describeCloud({ nodes, options }: Cloud): string {
  const how = options.process === 'programs' ? 'processes of their own' : 'in this process';
  return `${nodes.length} nodes (${nodes[0]?.switch.description}), server and agents ${how}, ${options.transport} between nodes`;
}

/** How to look into it from a shell. */
export function accessTo(cloud: Cloud): readonly string[] {
  const sockets = cloud.nodes.map((node) => `${node.name}: VPP's API is at ${node.switch.apiSocket}`);
  if (cloud.options.store === 'embedded') return sockets;
  return [...sockets, `ETCDCTL_API=3 etcdctl --endpoints ${cloud.etcd.endpoint} get --prefix /networking-vpp/`];
}
