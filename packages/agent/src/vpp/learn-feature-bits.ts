import { toVppMac, VppRetvalError } from 'vpp-api';
import { Alternatives, handler } from './alternatives.js';
import { type FeatureBits, FeatureBitsError, type InputFeature, outputLines, showFeatures } from './feature-bits.js';
import { bridgeDomains, joinAlone, leaveAlone } from './objects/bridge-domain.js';
import { applyClassifier, createMatchAll, deleteClassifier, tablesMarked } from './objects/classifier.js';
import { forwardingFlags, inputBitmap } from './objects/layer2-features.js';
import { applyPolicing, policers, readPoliced } from './objects/policer.js';
import { setSpan } from './objects/span.js';
import { anyIndex, type Vpp } from './vpp-messages.js';

/** Who finds out: what one left that was killed meanwhile is taken away by the next of its kind, and never what another uses. */
export type Prober = 'agent' | 'dry-run';

interface Marks {
  /** On all that is made to find out. */
  readonly tag: string;
  /** Not one of our loopbacks' (`loopbackMacPrefix`): nobody else is to think it half-made. */
  readonly mac: string;
  /** On its classifier table, which has no tag. */
  readonly table: number;
}

const marks: Readonly<Record<Prober, Marks>> = {
  agent: { tag: 'taas.probe:agent', mac: '02:74:62:70:72:61', table: 0x74617061 },
  'dry-run': { tag: 'taas.probe:dry-run', mac: '02:74:62:70:72:64', table: 0x74617064 },
};
/** Always there. A mirror to it copies nothing, since it is not in layer 2. */
const local0 = 0;
/** VPP's L2_ARP_TERM in `l2_flags`. */
const arpTermination = 16;
const both = 3;
/** A stranger's leavings on one index may be in the way, and another may be quicker to take a bridge domain; so many are tried. */
const attempts = 3;

export interface ProbeOptions {
  readonly vpp: Vpp;
  /** As {@link NodeFacts.bridgeDomains}: one that is free among them is used meanwhile. */
  readonly bridgeDomains: readonly [first: number, last: number];
  readonly as: Prober;
}

/**
 * Finds out which bit of VPP's bitmaps is which feature: on a loopback made for it, alone in a bridge domain made for it, each
 * feature that we use is switched on and off, and what changes is its bit. Nothing of it is left.
 * @throws FeatureBitsError when VPP's answers do not tell; errors of VPP
 */
export async function learnFeatureBits(options: ProbeOptions): Promise<FeatureBits> {
  try {
    await clearProbes(options.vpp, marks[options.as]);
    return await learnOnOneOf(options, attempts);
  } catch (error) {
    if (!(error instanceof VppRetvalError)) throw error;
    const left = await clearRefused(options);
    throw new FeatureBitsError(`which bit of layer 2 is which feature cannot be tried: ${error.message}${left}`, {
      cause: error,
    });
  }
}

/** Takes away what a try left that VPP refused half way. What VPP does not let go of is left to the next try. */
async function clearRefused({ vpp, as }: ProbeOptions): Promise<string> {
  try {
    await clearProbes(vpp, marks[as]);
    return '';
  } catch (error) {
    if (!(error instanceof VppRetvalError)) throw error;
    return `; objects tagged ${marks[as].tag} are left until the next try: ${error.message}`;
  }
}

/** A loopback whose index tells nothing is kept until the next one has been tried: VPP would give the same index again. */
async function learnOnOneOf(options: ProbeOptions, left: number): Promise<FeatureBits> {
  const probe = await makeProbe(options);
  try {
    return await learnOn(options.vpp, probe, marks[options.as]);
  } catch (error) {
    if (!(error instanceof FeatureBitsError) || left <= 1) throw error;
    return await learnOnOneOf(options, left - 1);
  } finally {
    await removeProbe(options.vpp, probe, marks[options.as]);
  }
}

interface Probe {
  readonly index: number;
  readonly domain: number;
}

async function makeProbe(options: ProbeOptions): Promise<Probe> {
  const { vpp, as } = options;
  const { tag, mac } = marks[as];
  const domain = await makeDomain(options);
  const place = { is_specified: false, user_instance: anyIndex };
  const { sw_if_index: index } = await vpp.request('create_loopback_instance', {
    mac_address: toVppMac(mac),
    ...place,
  });
  await vpp.request('sw_interface_tag_add_del', { is_add: true, sw_if_index: index, tag });
  await withdrawAll(vpp, index);
  await joinAlone(vpp, index, domain);
  return { index, domain };
}

/**
 * Makes a bridge domain of its own, the last that is free: those of tap services are taken from the first. Another prober, or an agent
 * that sets up its taps meanwhile, may be quicker; then the next one is tried.
 */
async function makeDomain({ vpp, bridgeDomains: [first, last], as }: ProbeOptions): Promise<number> {
  const taken = new Set(
    (await vpp.dump('bridge_domain_dump', { bd_id: anyIndex, sw_if_index: anyIndex })).map(({ bd_id }) => bd_id),
  );
  let tried = 0;
  for (let domain = last; domain >= first; domain--) {
    if (taken.has(domain)) continue;
    try {
      await bridgeDomains.of(vpp)(domain, marks[as].tag, true);
      return domain;
    } catch (error) {
      const isTaken = error instanceof VppRetvalError && error.errorName === 'VNET_API_ERROR_BD_ALREADY_EXISTS';
      if (!isTaken || ++tried >= attempts) throw error;
    }
  }
  throw new FeatureBitsError(`all bridge domains of ours (${first} to ${last}) are in use`);
}

async function removeProbe(vpp: Vpp, { index, domain }: Probe, { tag }: Marks): Promise<void> {
  await withdrawAll(vpp, index);
  await leaveAlone(vpp, index, domain);
  await bridgeDomains.of(vpp)(domain, tag, false);
  await vpp.request('delete_loopback', { sw_if_index: index });
}

/** What an interface that had the index may have left to it, and what was tried on it. */
async function withdrawAll(vpp: Vpp, index: number): Promise<void> {
  for (const { sw_if_index_from: from, sw_if_index_to: to } of await vpp.dump('sw_interface_span_dump', {
    is_l2: true,
  }))
    if (from === index) await setSpan(vpp, from, to, 0);
  const { l2_table_id: table } = await vpp
    .request('classify_table_by_interface', { sw_if_index: index })
    .catch((error: unknown) => noTable(error));
  if (table !== anyIndex) await applyClassifier(vpp, index, table, false);
  if (!policers.isOn(vpp)) return;
  const policed = (await readPoliced(policers.of(vpp))).get(index);
  if (policed !== undefined) await applyPolicing(policers.of(vpp), index, policed, false);
}

function noTable(error: unknown): { readonly l2_table_id: number } {
  if (error instanceof VppRetvalError) return { l2_table_id: anyIndex };
  throw error;
}

/** Removes what an agent left that was killed while it was finding out. */
async function clearProbes(vpp: Vpp, { tag, mac, table: mark }: Marks): Promise<void> {
  const all = { sw_if_index: anyIndex, name_filter_valid: false, name_filter: '' };
  const macBytes = Buffer.from(toVppMac(mac));
  for (const each of await vpp.dump('sw_interface_dump', all)) {
    const isOrphan = each.tag === '' && Buffer.from(each.l2_address).equals(macBytes);
    if (each.tag !== tag && !isOrphan) continue;
    await withdrawAll(vpp, each.sw_if_index);
    await leaveAlone(vpp, each.sw_if_index, 0);
    await vpp.request('delete_loopback', { sw_if_index: each.sw_if_index });
  }
  const domains = await vpp.dump('bridge_domain_dump', { bd_id: anyIndex, sw_if_index: anyIndex });
  for (const { bd_id, bd_tag } of domains) if (bd_tag === tag) await bridgeDomains.of(vpp)(bd_id, tag, false);
  for (const acl of await vpp.dump('acl_dump', { acl_index: anyIndex }))
    if (acl.tag === tag) await vpp.request('acl_del', { acl_index: acl.acl_index });
  for (const table of await tablesMarked(vpp, mark)) await deleteClassifier(vpp, table);
}

/** How the features of an interface are shown; what shows a mirror of the output depends on the VPP. */
const outputs = new Alternatives<(index: number) => Promise<Output>>('features of the output', [
  handler(['l2_flags_get'], (vpp) => async (index) => {
    const { output_feature_bitmap: bitmap } = await vpp.request('l2_flags_get', { sw_if_index: index });
    return { bitmap, lines: [] };
  }),
  handler([], (vpp) => async (index) => ({ bitmap: null, lines: await shownLines(vpp, index) })),
]);

interface Output {
  readonly bitmap: number | null;
  readonly lines: readonly string[];
}

async function shownLines(vpp: Vpp, index: number): Promise<readonly string[]> {
  const asked = { sw_if_index: index, name_filter_valid: false, name_filter: '' };
  const [details] = await vpp.dump('sw_interface_dump', asked);
  const command = details && showFeatures(details.interface_name);
  if (!command) throw new FeatureBitsError('VPP does not name the loopback that was made to find out');
  const lines = outputLines((await vpp.request('cli_inband', { cmd: command })).reply);
  if (lines === null)
    throw new FeatureBitsError(
      'whether output is mirrored cannot be seen: "show interface features" of this VPP prints no features of the output',
    );
  return lines;
}

async function learnOn(vpp: Vpp, { index }: Probe, { tag, table: mark }: Marks): Promise<FeatureBits> {
  const input = new Map<InputFeature, number>();
  const bitmap = () => inputBitmap(vpp, index);
  /** Switches on what was off, or off what was on, and back. */
  const learn = async (feature: InputFeature, there: () => Promise<unknown>, back: () => Promise<unknown>) => {
    const before = await bitmap();
    await there();
    const changed = (await bitmap()) ^ before;
    await back();
    const after = await bitmap();
    if (changed === 0 || (changed & (changed - 1)) !== 0 || after !== before)
      throw new FeatureBitsError(
        `switching ${feature} on and off turned bits ${hex(before)} of layer 2 into ${hex(before ^ changed)} and ${hex(after)}, ` +
          'not one of them and back: which bit it is cannot be told',
      );
    input.set(feature, changed);
  };
  const flags = (feature_bitmap: number, is_set: boolean) =>
    vpp.request('l2_flags', { sw_if_index: index, is_set, feature_bitmap });
  for (const [feature, flag] of Object.entries(forwardingFlags) as [keyof typeof forwardingFlags, number][])
    await learn(
      feature,
      () => flags(flag, false),
      () => flags(flag, true),
    );
  const outputSpan = await learnSpan(vpp, index, learn);
  await learnTables(vpp, index, mark, learn);
  await learnAcl(vpp, index, tag, learn);
  if (new Set(input.values()).size < input.size)
    throw new FeatureBitsError(
      `two features have one bit: ${[...input].map(([name, bit]) => `${name} ${hex(bit)}`).join(', ')}`,
    );
  const before = await bitmap();
  await flags(arpTermination, false);
  const arp = before ^ (await bitmap());
  await flags(arpTermination, true);
  const known = [...input.values()].reduce((all, bit) => all | bit, arp);
  return { input, anywhere: known | (await bitsElsewhere(vpp, index, known)), outputSpan };
}

type Learn = (feature: InputFeature, there: () => Promise<unknown>, back: () => Promise<unknown>) => Promise<void>;

async function learnSpan(vpp: Vpp, index: number, learn: Learn): Promise<FeatureBits['outputSpan']> {
  const look = () => outputs.of(vpp)(index);
  const off = await look();
  let on = off;
  await learn(
    'inputSpan',
    async () => {
      await setSpan(vpp, index, local0, both);
      on = await look();
    },
    () => setSpan(vpp, index, local0, 0),
  );
  const after = await look();
  const bit = (on.bitmap ?? 0) ^ (off.bitmap ?? 0);
  const fresh = on.lines.filter((line) => !off.lines.includes(line));
  const isOne = off.bitmap === null ? fresh.length === 1 : bit !== 0 && (bit & (bit - 1)) === 0;
  const [line = ''] = fresh;
  if (!isOne || after.bitmap !== off.bitmap || after.lines.includes(line))
    throw new FeatureBitsError(
      off.bitmap === null
        ? `mirroring the output shows as ${fresh.length} more lines in "show interface features", not as one that goes again`
        : `mirroring the output turned its bits ${hex(off.bitmap)} into ${hex(on.bitmap ?? 0)} and ${hex(after.bitmap ?? 0)}`,
    );
  return off.bitmap === null ? { line } : { bit };
}

async function learnTables(vpp: Vpp, index: number, mark: number, learn: Learn): Promise<void> {
  const table = await createMatchAll(vpp, anyIndex, mark);
  try {
    await learn(
      'inputClassifier',
      () => applyClassifier(vpp, index, table, true),
      () => applyClassifier(vpp, index, table, false),
    );
    if (policers.isOn(vpp)) {
      const able = policers.of(vpp);
      await learn(
        'inputPolicer',
        () => applyPolicing(able, index, table, true),
        () => applyPolicing(able, index, table, false),
      );
    }
  } finally {
    await withdrawAll(vpp, index);
    await deleteClassifier(vpp, table);
  }
}

async function learnAcl(vpp: Vpp, index: number, tag: string, learn: Learn): Promise<void> {
  const none = { address: { af: 0, un: { raw: new Uint8Array(16) } }, len: 0 } as const;
  const anything = {
    is_permit: 1,
    src_prefix: none,
    dst_prefix: none,
    proto: 0,
    tcp_flags_mask: 0,
    tcp_flags_value: 0,
    ...{ srcport_or_icmptype_first: 0, srcport_or_icmptype_last: 0xffff },
    ...{ dstport_or_icmpcode_first: 0, dstport_or_icmpcode_last: 0xffff },
  };
  const { acl_index: acl } = await vpp.request('acl_add_replace', {
    ...{ acl_index: anyIndex, tag, r: [anything] },
  });
  const bind = (acls: readonly number[]) =>
    vpp.request('acl_interface_set_acl_list', { sw_if_index: index, n_input: acls.length, acls });
  try {
    await learn(
      'inputAcl',
      () => bind([acl]),
      () => bind([]),
    );
  } finally {
    await bind([]);
    await vpp.request('acl_del', { acl_index: acl });
  }
}

/** The bits that are set on the loopback while it is out of layer 2: in there it must have more. */
async function bitsElsewhere(vpp: Vpp, index: number, known: number): Promise<number> {
  const inside = await inputBitmap(vpp, index);
  await leaveAlone(vpp, index, 0);
  const outside = await inputBitmap(vpp, index);
  if ((inside & ~known & ~outside) === 0)
    throw new FeatureBitsError(
      `whether an interface is in layer 2 cannot be told: bits ${hex(inside)} in a bridge domain, ${hex(outside)} in none`,
    );
  return outside;
}

function hex(bits: number): string {
  return `0x${(bits >>> 0).toString(16)}`;
}
