import { type ActualPolicer, type ActualPolicing, type PolicerStep, parseOwnTag } from '@taas/wiring';
import type { AgentMessages, DetailsFields } from 'vpp-api';
import { Alternatives, handler } from '../alternatives.js';
import { anyIndex, type SpeaksAlso, type Vpp } from '../vpp-messages.js';
import { createMatchAll, ownMark } from './classifier.js';
import { nothing, type ReadContext, type Twin } from './twin.js';

const messages = [
  'policer_add',
  'policer_update',
  'policer_add_del',
  'policer_dump_v2',
  'policer_classify_set_interface',
  'policer_classify_dump',
] as const;
type Policers = SpeaksAlso<(typeof messages)[number]>;

/**
 * From 23.06 on, with the policer plugin. Policers of before count nothing that can be read, and tell the index of none that is
 * listed: no budget can be kept with them, and taps that would need one are refused.
 */
export const policers = new Alternatives<Policers>('a budget for copies', [handler(messages, (vpp) => vpp)]);

export const policerTwin: Twin<PolicerStep> = {
  send: {
    'create-policer': ({ name, kbps }, { vpp }) => addPolicer(policers.of(vpp), name, kbps),
    'update-policer': (s, { vpp }) => updatePolicer(policers.of(vpp), s.index, s.kbps),
    'delete-policer': (s, { vpp }) => deletePolicer(policers.of(vpp), s.name),
    'create-policing': (s, { vpp, at }) => createPolicing(vpp, at(s.policer)),
    'attach-policer': (s, { vpp, at }) => applyPolicing(policers.of(vpp), at(s.at), at(s.table), true),
    'detach-policer': (s, { vpp, at }) => applyPolicing(policers.of(vpp), at(s.at), at(s.table), false),
  },
  needs: [],
  readAll: (context) => readAllPolicing(context, null),
  // VPP keeps the table of an interface that is gone.
  readsLast: true,
  readTouched: readAllPolicing,
  readTagged: nothing,
  readOn: nothing,
};

/**
 * Our policers, and where frames are policed.
 * @param only interfaces of which to look at the tables; null for all
 */
async function readAllPolicing(
  { vpp, snapshot, contained }: ReadContext,
  only: ReadonlySet<number> | null,
): Promise<void> {
  if (!policers.isOn(vpp)) return;
  const able = policers.of(vpp);
  const [own, listed] = await Promise.all([readPolicers(able), readPoliced(able)]);
  snapshot.policers.replace(own.map((policer) => [policer.name, policer]));
  snapshot.policingTables.replace(listed);
  for (const index of [...snapshot.policings.keys()]) if (!listed.has(index)) snapshot.policings.delete(index);
  await Promise.all(
    [...listed].map(async ([index, table]) => {
      // VPP keeps the table of an interface that is gone, for whoever gets its index.
      if (!snapshot.interfaces.has(index) || only?.has(index) === false) return;
      const read = () => readPolicing(able, table);
      const policing = await contained.attemptAsync(`policing of interface ${index}`, read, null);
      if (policing) snapshot.policings.put(index, policing);
    }),
  );
}

const transmit = { type: 1, dscp: 0 } as const;
const drop = { type: 0, dscp: 0 } as const;
const layer2 = 2;

/** What may come at once, in bytes: a tenth of a second at the full rate, and two of the largest frames in any case. */
export function burstBytes(kbps: number): number {
  return Math.max(20_000, Math.ceil(kbps * 12.5));
}

/** One rate, two colours; by bytes, since VPP's rate in packets counts bytes too, 256 to a packet. */
function configOf(kbps: number) {
  return {
    cir: kbps,
    eir: 0,
    cb: BigInt(burstBytes(kbps)),
    eb: 0n,
    rate_type: 0,
    round_type: 0,
    type: 0,
    ...{ color_aware: false, conform_action: transmit, exceed_action: drop, violate_action: drop },
  };
}

/** @returns the new policer's index. @throws VppRetvalError for a name that is taken */
async function addPolicer(vpp: Policers, name: string, kbps: number): Promise<number> {
  return (await vpp.request('policer_add', { name, infos: configOf(kbps) })).policer_index;
}

/** VPP begins to count anew. */
async function updatePolicer(vpp: Policers, index: number, kbps: number): Promise<void> {
  await vpp.request('policer_update', { policer_index: index, infos: configOf(kbps) });
}

/** By name, since VPP does not tell the indices of those that it lists. */
async function deletePolicer(vpp: Policers, name: string): Promise<void> {
  await vpp.request('policer_add_del', { is_add: false, name, ...configOf(0) });
}

/** A table that hands every frame to a policer. */
function createPolicing(vpp: Vpp, policer: number): Promise<number> {
  return createMatchAll(vpp, policer);
}

/** Puts policing on what an interface receives, or takes it off. VPP ignores the former if there is some already. */
export async function applyPolicing(vpp: Policers, index: number, table: number, isAdd: boolean): Promise<void> {
  const tables = { ip4_table_index: anyIndex, ip6_table_index: anyIndex, l2_table_index: table };
  await vpp.request('policer_classify_set_interface', { sw_if_index: index, ...tables, is_add: isAdd });
}

/** Policers with names of ours. */
async function readPolicers(vpp: Policers): Promise<ActualPolicer[]> {
  const all = await vpp.dump('policer_dump_v2', { policer_index: anyIndex });
  return all.filter(({ name }) => parseOwnTag(name) !== null).map(toPolicer);
}

/**
 * The tables by which interfaces are policed at layer 2, by interface. VPP 26.06 lists all of them when asked for interface
 * 0, none when asked for all, and dies when asked for any other; asking for both of the former is right whichever is mended.
 */
export async function readPoliced(vpp: Policers): Promise<Map<number, number>> {
  const dumps = [0, anyIndex].map((sw_if_index) => vpp.dump('policer_classify_dump', { type: layer2, sw_if_index }));
  return new Map((await Promise.all(dumps)).flat().map((each) => [each.sw_if_index, each.table_index]));
}

/** What such a table is. */
async function readPolicing(vpp: Policers, table: number): Promise<ActualPolicing> {
  const sessions = await vpp.dump('classify_session_dump', { table_id: table });
  const [session] = sessions;
  const isOurs = session !== undefined && sessions.every(({ opaque_index }) => opaque_index === ownMark);
  if (!isOurs || sessions.length > 1) return { table, isOurs, policer: null };
  const index = session.hit_next_index;
  const [policer] = await vpp.dump('policer_dump_v2', { policer_index: index });
  return { table, isOurs, policer: policer ? { index, name: policer.name } : null };
}

function toPolicer(details: DetailsFields<AgentMessages, 'policer_dump_v2'>): ActualPolicer {
  const wanted = configOf(details.cir);
  const same = (Object.keys(wanted) as (keyof typeof wanted)[]).every(
    (key) => text(details[key]) === text(wanted[key]),
  );
  return { name: details.name, kbps: same ? details.cir : null };
}

function text(value: unknown): string {
  return JSON.stringify(value, (_, each: unknown) => (typeof each === 'bigint' ? String(each) : each));
}
