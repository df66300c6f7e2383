import type { SimulatorState } from 'vpp-sim';

/** Whatever of ours is in a switch: tags, bridge domains of our range, mirrors, sub-interfaces, tunnels, ACLs. */
export function leftOfOurs(state: SimulatorState): readonly string[] {
  const ours = state.interfaces.filter(
    ({ name, tag }) => tag.startsWith('taas.') || name.startsWith('loop') || name.includes('.'),
  );
  return [
    ...ours.map(({ name, tag }) => `interface ${name} (${tag})`),
    ...state.bridgeDomains
      .filter(({ id, tag }) => tag.startsWith('taas.') || id >= 1_000)
      .map(({ id, tag }) => `bridge domain ${id} (${tag})`),
    ...state.span.map(({ from, to }) => `mirror from ${from} to ${to}`),
    ...state.vxlan.map(({ vni }) => `tunnel ${vni}`),
    ...state.acls.map(({ index, tag }) => `ACL ${index} (${tag})`),
  ];
}
