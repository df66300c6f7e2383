import { elsewhere, type InterfaceDetails, theirTag, type Vandal } from './vandal.js';

/** Something that somebody does to a node's switch behind the agent's back. */
export interface Breakage {
  readonly name: string;
  readonly happen: (vandal: Vandal) => Promise<void>;
  /** Copies arrive otherwise than they were sent until it is mended. */
  readonly garbles?: boolean;
}

/** VPP forgets a tag rewrite when an interface joins a bridge domain: copies keep the VLAN of their way. */
const losesRewrite = (kind: string): boolean => kind === 'vlan';

/** All that can be done to interfaces of ours, each to one kind. */
function toInterface(kind: string): Breakage[] {
  const each = (name: string, happen: (vandal: Vandal, entry: InterfaceDetails) => Promise<void>): Breakage => ({
    name: `${name} ${kind}`,
    garbles: losesRewrite(kind),
    happen: async (vandal) => {
      for (const entry of await vandal.interfaces(kind)) await happen(vandal, entry);
    },
  });
  return [
    each('deletes', (vandal, entry) => vandal.deleteInterface(entry)),
    each('sets down', (vandal, entry) => vandal.setUp(entry, false)),
    each('takes the tag of', (vandal, entry) => vandal.tag(entry, '')),
    each('takes out of the bridge domain', async (vandal, entry) => {
      const { id, shg } = await vandal.membership(entry.sw_if_index);
      await vandal.bridge(entry.sw_if_index, id, shg, false);
    }),
    each('puts into another bridge domain', async (vandal, entry) => {
      await vandal.bridge(entry.sw_if_index, elsewhere, 0);
    }),
    each('puts into another split-horizon group', async (vandal, entry) => {
      const { id, shg } = await vandal.membership(entry.sw_if_index);
      await vandal.bridge(entry.sw_if_index, id, shg === 1 ? 0 : 1);
    }),
  ];
}

/** Of what loses a filter, a tag rewrite or its muteness on the way. */
const outAndBack = (kind: string): Breakage => ({
  name: `takes out of the bridge domain and puts back ${kind}`,
  garbles: losesRewrite(kind),
  happen: async (vandal) => {
    for (const { sw_if_index } of await vandal.interfaces(kind)) {
      const { id, shg } = await vandal.membership(sw_if_index);
      await vandal.bridge(sw_if_index, id, shg, false);
      await vandal.bridge(sw_if_index, id, shg);
    }
  },
});

const deletesDomains: Breakage = {
  name: 'deletes the bridge domains',
  happen: async (vandal) => {
    for (const { bd_id } of await vandal.domains()) await vandal.deleteDomain(bd_id);
  },
};

const disablesMirrors: Breakage = {
  name: 'disables all mirrors',
  happen: async (vandal) => {
    for (const { sw_if_index_from: from, sw_if_index_to: to } of await vandal.spans()) await vandal.mirror(from, to, 0);
  },
};

/** Of a source that has several, so that VPP goes on mirroring it. */
const disablesOneMirror: Breakage = {
  name: 'disables one of several mirrors of a source',
  happen: async (vandal) => {
    const spans = await vandal.spans();
    const twice = spans.find(
      ({ sw_if_index_from: from }) => spans.filter((s) => s.sw_if_index_from === from).length > 1,
    );
    if (!twice) throw new Error('no source has several mirrors');
    await vandal.mirror(twice.sw_if_index_from, twice.sw_if_index_to, 0);
  },
};

const turnsMirrors: Breakage = {
  name: 'lets a mirror copy one direction only',
  happen: async (vandal) => {
    for (const { sw_if_index_from: from, sw_if_index_to: to, state } of await vandal.spans()) {
      await vandal.mirror(from, to, 0);
      await vandal.mirror(from, to, state === 1 ? 2 : 1);
    }
  },
};

const letsIn = (kind: string): Breakage => ({
  name: `lets in what comes by ${kind}`,
  happen: async (vandal) => {
    for (const entry of await vandal.interfaces(kind)) await vandal.letIn(entry, 2 | 4 | 8);
  },
});

const rewrites = (kind: string, operation: number): Breakage => ({
  name: `changes the tag rewrite of ${kind}`,
  garbles: true,
  happen: async (vandal) => {
    for (const entry of await vandal.interfaces(kind)) await vandal.rewriteTags(entry, operation);
  },
});

const filters: readonly Breakage[] = [
  {
    name: "takes a filter's ACL off",
    happen: async (vandal) => {
      for (const entry of await vandal.interfaces('flow')) await vandal.bindAcls(entry, []);
    },
  },
  {
    name: "puts another ACL in a filter's place",
    happen: async (vandal) => {
      const [other] = await vandal.acls(theirTag);
      if (!other) throw new Error('there is no other ACL');
      for (const entry of await vandal.interfaces('flow')) await vandal.bindAcls(entry, [other.acl_index]);
    },
  },
  {
    name: "rewrites a filter's rules",
    happen: async (vandal) => {
      for (const { acl_index, tag, r } of await vandal.acls('taas.')) {
        const rules = r.map((rule) => ({ ...rule, is_permit: rule.is_permit === 1 ? 0 : 1 }) as const);
        await vandal.vpp.request('acl_add_replace', { acl_index, tag, r: rules });
      }
    },
  },
  {
    name: 'lets other ethertypes pass a filter',
    happen: async (vandal) => {
      for (const { sw_if_index } of await vandal.interfaces('flow'))
        await vandal.vpp.request('acl_interface_set_etype_whitelist', { sw_if_index, n_input: 0, whitelist: [] });
    },
  },
];

/** On the collector's node, with local flows, one of them filtered. */
export function breakagesAtCollector(link: 'vlan' | 'vxlan'): readonly Breakage[] {
  return [
    ...['entry', 'flow', 'collector', link].flatMap(toInterface),
    // No member of a group: VPP names it beside the members.
    ...toInterface('unicast').filter(({ name }) => !/tag|out of|group/.test(name)),
    ...['flow', 'collector'].map(outAndBack),
    deletesDomains,
    disablesMirrors,
    disablesOneMirror,
    turnsMirrors,
    letsIn('collector'),
    letsIn('unicast'),
    rewrites('collector', 3),
    ...(link === 'vlan' ? [rewrites('vlan', 0), outAndBack('vlan')] : []),
    ...filters,
  ];
}

/** On a source's node. */
export function breakagesAtSource(link: 'vlan' | 'vxlan'): readonly Breakage[] {
  return [
    ...['flow', link].flatMap(toInterface),
    ...['flow', link].map(outAndBack),
    deletesDomains,
    disablesMirrors,
    disablesOneMirror,
    letsIn(link),
    ...(link === 'vlan' ? [rewrites('vlan', 0)] : []),
    ...filters,
  ];
}

/** Of a tap mirror. */
export const breakagesOfMirrors: readonly Breakage[] = [
  ...['mirror', 'gre'].flatMap(toInterface),
  outAndBack('gre'),
  deletesDomains,
  disablesMirrors,
  disablesOneMirror,
  turnsMirrors,
  letsIn('gre'),
];
