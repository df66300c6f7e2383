import type { SimulatorState } from 'vpp-sim';

/** What a switch holds, by tags and names, without the numbers that depend on the order of events. */
export function pictureOf(state: SimulatorState): readonly string[] {
  const interfaces = new Map(state.interfaces.map((each) => [each.swIfIndex, each]));
  const domains = new Map(state.bridgeDomains.map((each) => [each.id, each]));
  const domainName = (id: number) => domains.get(id)?.tag || `domain ${id}`;
  const acls = new Map(state.acls.map((each) => [each.index, each.tag]));
  const tunnels = new Map(state.vxlan.map((each) => [each.swIfIndex, each.vni]));
  const name = (index: number): string => {
    const of = interfaces.get(index);
    if (!of) return 'nothing';
    if (!of.tag.startsWith('taas.')) return of.name;
    // A sub-interface is told by its parent; its VLAN on a collector's port is anything that was free.
    const [parent, sub] = of.name.split('.');
    const on = sub === undefined ? '' : ` on ${parent}${of.tag.startsWith('taas.vlan') ? `.${sub}` : ''}`;
    return `${of.tag}${on}${tunnels.has(index) ? ` vni ${tunnels.get(index)}` : ''}`;
  };
  return [
    ...state.interfaces.map((each) => {
      const { adminUp, mode, shg, tagRewrite, inputFeatures, outputFeatures } = each;
      const domain = each.bridgeDomain === undefined ? undefined : domainName(each.bridgeDomain);
      const bound = [...each.inputAcls, ...each.outputAcls].map((acl) => acls.get(acl));
      const what = { adminUp, mode, domain, shg, tagRewrite: tagRewrite ?? 0, inputFeatures, outputFeatures, bound };
      return `interface ${name(each.swIfIndex)} ${JSON.stringify(what)}`;
    }),
    ...state.bridgeDomains.map((each) => {
      const unicast = each.uuFwd === undefined ? 'flooded' : `by ${name(each.uuFwd)}`;
      return `${domainName(each.id)} ${each.features} ${each.members.map(name).sort()}, unicast ${unicast}`;
    }),
    ...state.span.map(({ from, to, state: direction }) => `mirror ${name(from)} to ${name(to)} ${direction}`),
    ...state.acls.map(({ tag, rules }) => `ACL ${tag} ${rules}`),
  ].sort();
}
