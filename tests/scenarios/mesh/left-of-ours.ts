import type { SimulatorState } from 'vpp-sim';

/**
 * A connection that breaks between making a sub-interface and tagging it leaves one that nobody can tell from others'. It
 * is down and in no bridge domain, and the next tap that wants its VLAN takes it.
 */
function isOrphan({ name, tag, mode, adminUp }: SimulatorState['interfaces'][number]): boolean {
  return name.includes('.') && tag === '' && mode === 'l3' && !adminUp;
}

/** Whatever of ours is in a switch: tags, bridge domains of our range, mirrors, sub-interfaces, tunnels, ACLs, policers, tables. */
export function leftOfOurs(state: SimulatorState): readonly string[] {
  const ours = state.interfaces.filter(
    (each) =>
      each.tag.startsWith('taas.') || each.name.startsWith('loop') || (each.name.includes('.') && !isOrphan(each)),
  );
  return [
    ...ours.map(({ name, tag }) => `interface ${name} (${tag})`),
    ...state.bridgeDomains
      .filter(({ id, tag }) => tag.startsWith('taas.') || id >= 1_000)
      .map(({ id, tag }) => `bridge domain ${id} (${tag})`),
    ...state.span.map(({ from, to }) => `mirror from ${from} to ${to}`),
    ...state.vxlan.map(({ vni }) => `tunnel ${vni}`),
    ...state.policers.map(({ name }) => `policer ${name}`),
    ...state.policed.map(({ swIfIndex }) => `policing of interface ${swIfIndex}`),
    ...state.tables.map((index) => `classifier table ${index}`),
    ...state.acls.map(({ index, tag }) => `ACL ${index} (${tag})`),
  ];
}
