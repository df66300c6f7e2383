import { connectToSwitch, type LabSwitch } from '@taas/lab';
import { type AgentMessages, type DetailsFields, toVppAddress, type VppClient } from 'vpp-api';

type Vpp = VppClient<AgentMessages>;
export type InterfaceDetails = DetailsFields<AgentMessages, 'sw_interface_dump'>;

/** A bridge domain that has nothing to do with taps, and the tag of such an ACL. */
export const elsewhere = 999;
export const theirTag = "somebody's";

const all = 0xffffffff;
const noTags = { push_dot1q: 0, tag1: 0, tag2: 0 };

/** Somebody with access to a node's switch who undoes what the agent made, finding it by its tag, such as `taas.flow:`. */
export class Vandal {
  private constructor(readonly vpp: Vpp) {}

  static async at(lab: LabSwitch): Promise<Vandal> {
    return new Vandal(await connectToSwitch(lab, 'vandal'));
  }

  async leave(): Promise<void> {
    await this.vpp.close();
  }

  /** @throws Error when there is nothing of the kind, since then nothing would be broken */
  async interfaces(kind: string): Promise<readonly InterfaceDetails[]> {
    const found = (await this.#everyInterface()).filter(({ tag }) => tag.startsWith(`taas.${kind}:`));
    if (found.length === 0) throw new Error(`nothing is tagged taas.${kind}: here`);
    return found;
  }

  /** Bridge domains of ours. */
  async domains() {
    return (await this.#everyDomain()).filter(({ bd_tag }) => bd_tag.startsWith('taas.'));
  }

  async membership(index: number): Promise<{ readonly id: number; readonly shg: number }> {
    for (const { bd_id: id, sw_if_details: members } of await this.domains())
      for (const { sw_if_index, shg } of members) if (sw_if_index === index) return { id, shg };
    throw new Error(`interface ${index} is in no bridge domain of ours`);
  }

  async spans() {
    return this.vpp.dump('sw_interface_span_dump', { is_l2: true });
  }

  async acls(tagged: string) {
    return (await this.vpp.dump('acl_dump', { acl_index: all })).filter(({ tag }) => tag.startsWith(tagged));
  }

  /** A bridge domain, and an ACL that lets all of IPv4 pass. */
  async makeTheirs(): Promise<void> {
    await this.#domain(elsewhere, true);
    const any = { address: toVppAddress('0.0.0.0'), len: 0 };
    const ports = { srcport_or_icmptype_first: 0, srcport_or_icmptype_last: 65_535 };
    const more = { dstport_or_icmpcode_first: 0, dstport_or_icmpcode_last: 65_535 };
    const rule = {
      is_permit: 1,
      src_prefix: any,
      dst_prefix: any,
      proto: 0,
      tcp_flags_mask: 0,
      tcp_flags_value: 0,
    } as const;
    await this.vpp.request('acl_add_replace', { acl_index: all, tag: theirTag, r: [{ ...rule, ...ports, ...more }] });
  }

  async deleteInterface({ sw_if_index, tag }: InterfaceDetails): Promise<void> {
    const { vpp } = this;
    if (/^taas\.(entry|flow|mirror):/.test(tag)) await vpp.request('delete_loopback', { sw_if_index });
    else if (/^taas\.(vlan|collector|unicast):/.test(tag)) await vpp.request('delete_subif', { sw_if_index });
    else if (tag.startsWith('taas.gre:')) {
      const found = (await vpp.dump('gre_tunnel_v2_dump', { sw_if_index }))[0];
      if (!found) throw new Error(`${tag} is no tunnel`);
      await vpp.request('gre_tunnel_add_del_v2', { is_add: false, tunnel: found.tunnel });
    } else {
      await this.#deleteVxlan(sw_if_index);
    }
  }

  async #deleteVxlan(sw_if_index: number): Promise<void> {
    const { vpp } = this;
    const isNew = vpp.has('vxlan_tunnel_v2_dump');
    const found = (await vpp.dump(isNew ? 'vxlan_tunnel_v2_dump' : 'vxlan_tunnel_dump', { sw_if_index }))[0];
    if (!found) throw new Error(`interface ${sw_if_index} is no tunnel`);
    const { sw_if_index: _, ...rest } = found;
    const ports = { src_port: 4789, dst_port: 4789, is_l3: false };
    if (isNew) await vpp.request('vxlan_add_del_tunnel_v3', { ...ports, ...rest, is_add: false });
    else await vpp.request('vxlan_add_del_tunnel', { ...rest, is_add: false });
  }

  async mirror(from: number, to: number, state: number): Promise<void> {
    const ends = { sw_if_index_from: from, sw_if_index_to: to };
    await this.vpp.request('sw_interface_span_enable_disable', { ...ends, state, is_l2: true });
  }

  async bridge(index: number, id: number, shg: number, enable = true): Promise<void> {
    const place = { rx_sw_if_index: index, bd_id: id, port_type: 0, shg, enable } as const;
    await this.vpp.request('sw_interface_set_l2_bridge', place);
  }

  async setUp({ sw_if_index }: Pick<InterfaceDetails, 'sw_if_index'>, up: boolean): Promise<void> {
    await this.vpp.request('sw_interface_set_flags', { sw_if_index, flags: up ? 1 : 0 });
  }

  async tag({ sw_if_index }: InterfaceDetails, tag: string): Promise<void> {
    await this.vpp.request('sw_interface_tag_add_del', { is_add: tag !== '', sw_if_index, tag });
  }

  async rewriteTags({ sw_if_index }: InterfaceDetails, operation: number): Promise<void> {
    await this.vpp.request('l2_interface_vlan_tag_rewrite', { sw_if_index, vtr_op: operation, ...noTags });
  }

  /** Bits of `l2_flags`: 1 learn, 2 forward, 4 flood, 8 flood of unknown unicast. */
  async letIn({ sw_if_index }: InterfaceDetails, bits: number): Promise<void> {
    await this.vpp.request('l2_flags', { sw_if_index, is_set: true, feature_bitmap: bits });
  }

  async bindAcls({ sw_if_index }: InterfaceDetails, acls: readonly number[]): Promise<void> {
    await this.vpp.request('acl_interface_set_acl_list', { sw_if_index, n_input: acls.length, acls: [...acls] });
  }

  async deleteDomain(id: number): Promise<void> {
    const members = (await this.#everyDomain()).find(({ bd_id }) => bd_id === id)?.sw_if_details ?? [];
    for (const { sw_if_index, shg } of members) await this.bridge(sw_if_index, id, shg, false);
    await this.#domain(id, false);
  }

  /** The uplink of the node, whoever may own it. */
  async uplink(): Promise<InterfaceDetails> {
    const found = (await this.#everyInterface()).find(({ tag }) => tag.startsWith('net-vpp.physnet:'));
    if (!found) throw new Error('the node has no uplink');
    return found;
  }

  /** Everything of ours by what it is for, whatever its index; and everything of others as it stands. */
  async inventory(): Promise<{ readonly ours: readonly string[]; readonly others: readonly string[] }> {
    const [ours, others]: [string[], string[]] = [[], []];
    for (const { tag, sw_if_index, interface_name, flags, mtu, vtr_op } of await this.#everyInterface())
      if (tag.startsWith('taas.')) ours.push(`${tag} ${flags & 1} ${vtr_op}`);
      else others.push(`${sw_if_index} ${interface_name} ${tag} ${flags & 1} ${mtu} ${vtr_op}`);
    for (const { bd_id, bd_tag, sw_if_details: members } of await this.#everyDomain())
      if (bd_tag.startsWith('taas.')) ours.push(`${bd_tag} ${members.map(({ shg }) => shg).sort()}`);
      else
        others.push(`bridge domain ${bd_id}: ${members.map(({ sw_if_index, shg }) => `${sw_if_index}/${shg}`).sort()}`);
    for (const { acl_index, tag, r } of await this.vpp.dump('acl_dump', { acl_index: all }))
      if (tag.startsWith('taas.')) ours.push(`acl ${tag} ${r.length}`);
      else others.push(`acl ${acl_index} ${tag} ${JSON.stringify(r)}`);
    for (const { sw_if_index_from, state } of await this.spans()) ours.push(`mirror of ${sw_if_index_from}: ${state}`);
    return { ours: ours.sort(), others: others.sort() };
  }

  #everyInterface(): Promise<readonly InterfaceDetails[]> {
    return this.vpp.dump('sw_interface_dump', { sw_if_index: all, name_filter_valid: false, name_filter: '' });
  }

  #everyDomain() {
    return this.vpp.dump('bridge_domain_dump', { bd_id: all, sw_if_index: all });
  }

  async #domain(id: number, isAdd: boolean): Promise<void> {
    const floods = { flood: true, uu_flood: true, forward: true, learn: true, arp_term: false, arp_ufwd: false };
    const domain = { ...floods, bd_id: id, mac_age: 0, bd_tag: '', is_add: isAdd };
    const { vpp } = this;
    await (vpp.has('bridge_domain_add_del_v2')
      ? vpp.request('bridge_domain_add_del_v2', domain)
      : vpp.request('bridge_domain_add_del', domain));
  }
}
