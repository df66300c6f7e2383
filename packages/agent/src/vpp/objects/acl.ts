import {
  type AclRule,
  type AclStep,
  type ActualAcl,
  canonicalAddress,
  featureBits,
  inputAcls,
  parseOwnTag,
  putEtherTypes,
} from '@taas/wiring';
import { type AgentMessages, type DetailsFields, fromVppAddress, toVppAddress } from 'vpp-api';
import { anyIndex, type Vpp } from '../vpp-messages.js';
import { listObjects, putAsked, type RowReader, replaceListed } from './list-objects.js';
import type { ReadContext, Twin } from './twin.js';

export const aclTwin: Twin<AclStep> = {
  send: {
    'create-acl': async (s, { vpp }) => (await addOrReplace(vpp, anyIndex, s)).acl_index,
    'replace-acl': (s, { vpp }) => addOrReplace(vpp, s.index, s),
    'delete-acl': (s, { vpp, at }) => vpp.request('acl_del', { acl_index: at(s.at) }),
    'bind-acls': (s, { vpp, at }) =>
      vpp.request('acl_interface_set_acl_list', {
        sw_if_index: at(s.at),
        n_input: s.acls.length,
        acls: s.acls.map(at),
      }),
    'set-ether-types': (s, { vpp, at }) =>
      vpp.request('acl_interface_set_etype_whitelist', {
        sw_if_index: at(s.at),
        n_input: s.types.length,
        whitelist: s.types,
      }),
  },
  needs: [],
  readAll: readAcls,
  readsLast: false,
  readTouched: readAcls,
  readTagged: async (context, tag) => {
    await Promise.all([...context.snapshot.acls.keysBy('tag', tag)].map((index) => readAcl(context, index)));
  },
  readOn: async (context, index) => {
    const { snapshot } = context;
    const bits = snapshot.features.get(index)?.input ?? 0;
    // Only if anything may filter it.
    if (inputAcls(index, snapshot).length > 0 || (bits & featureBits.inputAcl) !== 0) await readBinding(context, index);
  },
};

async function readAcls(context: ReadContext): Promise<void> {
  const { snapshot } = context;
  const acls = await listObjects(context, 'acl_dump', { acl_index: anyIndex });
  replaceListed(context, snapshot.acls, acls, aclReader);
  // VPP does not list the interfaces that have none.
  snapshot.aclBindings.replace([]);
  snapshot.etherTypes.replace([]);
  const whole = { sw_if_index: anyIndex };
  for (const list of (await listObjects(context, 'acl_interface_etype_whitelist_dump', whole)).details)
    putEtherTypes(snapshot, list.sw_if_index, inputEtherTypes(list));
  // Bindings are one message an interface: only worth asking for if one of them could be ours.
  if (!acls.details.some(({ tag }) => parseOwnTag(tag) !== null)) return;
  const { details: lists } = await listObjects(context, 'acl_interface_list_dump', whole);
  for (const { sw_if_index, n_input, acls: all } of lists)
    snapshot.aclBindings.put(sw_if_index, { input: all.slice(0, n_input), output: all.slice(n_input) });
}

async function readAcl(context: ReadContext, index: number): Promise<void> {
  const listed = await listObjects(context, 'acl_dump', { acl_index: index });
  putAsked(context, context.snapshot.acls, index, listed, aclReader);
}

type Details = DetailsFields<AgentMessages, 'acl_dump'>;

const aclReader: RowReader<Details, ActualAcl> = {
  what: 'ACL',
  key: ({ acl_index }) => acl_index,
  row: (d) => ({ index: d.acl_index, tag: d.tag, rules: d.r.map(toRule) }),
};

async function readBinding({ vpp, snapshot }: ReadContext, index: number): Promise<void> {
  const [[bound], [listed]] = await Promise.all([
    vpp.dump('acl_interface_list_dump', { sw_if_index: index }),
    vpp.dump('acl_interface_etype_whitelist_dump', { sw_if_index: index }),
  ]);
  const { acls = [], n_input: inputs = 0 } = bound ?? {};
  snapshot.aclBindings.put(index, { input: acls.slice(0, inputs), output: acls.slice(inputs) });
  putEtherTypes(snapshot, index, listed ? inputEtherTypes(listed) : []);
}

function addOrReplace(
  vpp: Vpp,
  index: number,
  { tag, rules }: { readonly tag: string; readonly rules: readonly AclRule[] },
) {
  return vpp.request('acl_add_replace', { acl_index: index, tag, r: rules.map(fromRule) });
}

type VppRule = Details['r'][number];

function toRule(r: VppRule): AclRule {
  return {
    permit: r.is_permit !== 0,
    source: `${canonicalAddress(fromVppAddress(r.src_prefix.address))}/${r.src_prefix.len}`,
    destination: `${canonicalAddress(fromVppAddress(r.dst_prefix.address))}/${r.dst_prefix.len}`,
    protocol: r.proto,
    sourcePorts: [r.srcport_or_icmptype_first, r.srcport_or_icmptype_last],
    destinationPorts: [r.dstport_or_icmpcode_first, r.dstport_or_icmpcode_last],
  };
}

function fromRule(rule: AclRule): VppRule {
  return {
    is_permit: rule.permit ? 1 : 0,
    src_prefix: prefix(rule.source),
    dst_prefix: prefix(rule.destination),
    proto: rule.protocol,
    srcport_or_icmptype_first: rule.sourcePorts[0],
    srcport_or_icmptype_last: rule.sourcePorts[1],
    dstport_or_icmpcode_first: rule.destinationPorts[0],
    dstport_or_icmpcode_last: rule.destinationPorts[1],
    tcp_flags_mask: 0,
    tcp_flags_value: 0,
  };
}

function prefix(text: string): VppRule['src_prefix'] {
  const [address = '', length = '0'] = text.split('/');
  return { address: toVppAddress(address), len: Number(length) };
}

/** The ethertypes that pass an interface's input ACLs; a list for what is sent is not ours, and both sides are set at once. */
function inputEtherTypes(list: { readonly n_input: number; readonly whitelist: readonly number[] }): number[] {
  return list.n_input === list.whitelist.length ? [...list.whitelist].sort((a, b) => a - b) : [];
}
