import {
  type ActualClassifier,
  type ClassifierStep,
  type ClassifierTable,
  classifiedBytes,
  type FrameClassifier,
  mayBeFiltered,
  parseOwnTag,
} from '@taas/wiring';
import { VppRetvalError } from 'vpp-api';
import { isGone } from '../is-gone.js';
import { anyIndex, type Vpp } from '../vpp-messages.js';
import { sessionsOf } from './classifier-sessions.js';
import { nothing, type ReadContext, type Twin } from './twin.js';

export const classifierTwin: Twin<ClassifierStep> = {
  send: {
    'create-classifier': ({ classifier }, { vpp }) => createTables(vpp, classifier),
    'delete-classifier': (s, { vpp, at }) => deleteClassifier(vpp, at(s.at)),
    'attach-classifier': (s, { vpp, at }) => applyClassifier(vpp, at(s.at), at(s.table), true),
    'detach-classifier': (s, { vpp, at }) => applyClassifier(vpp, at(s.at), at(s.table), false),
  },
  needs: [],
  readAll: readClassifiers,
  // Which loopbacks to ask about, and which tables are used by policers.
  readsLast: true,
  readTouched: async (context, keys) => {
    await Promise.all([...keys].map((index) => readClassifier(context, index)));
    await checkSpareTables(context);
  },
  readTagged: nothing,
  readOn: nothing,
};

/** Tables on our loopbacks, and what is left of ours elsewhere. */
async function readClassifiers(context: ReadContext): Promise<void> {
  const { vpp, snapshot } = context;
  const { ids } = await vpp.request('classify_table_ids', {});
  const ours = [...snapshot.interfaces.all()].filter(({ tag }) => mayBeFiltered(parseOwnTag(tag)));
  const applied = new Set(snapshot.policingTables.all());
  // An interface of ours is not asked where VPP has no table at all: with thousands of flows that is most of reading.
  for (const { index } of ours) if (ids.length === 0) snapshot.classifiers.delete(index);
  if (ids.length > 0)
    for (const chain of await Promise.all(ours.map(({ index }) => readClassifier(context, index)))) {
      // The tables behind one that cannot be read may be in use.
      if (chain === null) return;
      for (const table of chain) applied.add(table);
    }
  const spare = ids.length > 0 ? await readSpare(context, applied) : [];
  snapshot.spareClassifiers.replace(spare.map((head) => [head, head]));
}

/** @returns the tables; null if they cannot be read: as much as is known of them stays */
async function readClassifier(
  { vpp, snapshot, contained }: ReadContext,
  index: number,
): Promise<readonly number[] | null> {
  const applied = await contained.attemptAsync(`classifier of interface ${index}`, () => readApplied(vpp, index), null);
  if (applied === null) return null;
  if (applied) snapshot.classifiers.put(index, applied);
  else snapshot.classifiers.delete(index);
  return applied?.tables ?? [];
}

/** Spare tables that are gone now; new ones are for the next reading of everything to find. */
async function checkSpareTables({ vpp, snapshot }: ReadContext): Promise<void> {
  const known = [...snapshot.spareClassifiers.keys()];
  if (known.length === 0) return;
  const { ids } = await vpp.request('classify_table_ids', {});
  for (const head of known) if (!ids.includes(head)) snapshot.spareClassifiers.delete(head);
}

/** VPP's tables have no tag: the `opaque_index` of every session says that it is ours ("taas"). */
export const ownMark = 0x74616173;

const vector = 16;
const deny = 0;
/** "The next feature", as a table and as a session say it. */
const permit = { miss: anyIndex, hit: anyIndex };

const unused = { skip_n_vectors: 0, current_data_flag: 0, current_data_offset: 0 } as const;

/**
 * Makes the tables of a classifier, the last first, since each names its next. @returns the index of the first
 * @throws VppRetvalError when VPP refuses; then nothing of it is left
 */
function createTables(vpp: Vpp, { tables, permitOthers }: FrameClassifier): Promise<number> {
  const entries = tables.map(({ mask, sessions }) => ({
    mask,
    sessions: sessions.map(({ match, permit: passes }) => ({ match, hit: passes ? permit.hit : deny })),
  }));
  return createChain(vpp, entries, permitOthers ? permit.miss : deny);
}

/**
 * A table whose only session every frame hits; what is hit is for the feature to know that the table is put on.
 * @param mark whose it is: with {@link ownMark} it is a tap's, and goes when no tap has it
 */
export function createMatchAll(vpp: Vpp, hit: number, mark: number = ownMark): Promise<number> {
  const nothing = '00'.repeat(classifiedBytes);
  return createChain(vpp, [{ mask: nothing, sessions: [{ match: nothing, hit }] }], permit.miss, mark);
}

/** Tables with this mark: each stands for itself. */
export async function tablesMarked(vpp: Vpp, mark: number): Promise<number[]> {
  const { ids } = await vpp.request('classify_table_ids', {});
  const listed = await Promise.all(ids.map(sessionsOf.of(vpp)));
  return ids.filter((_, n) => listed[n]?.some(({ opaque }) => opaque === mark));
}

interface TableEntry {
  readonly mask: string;
  readonly sessions: readonly { readonly match: string; readonly hit: number }[];
}

async function createChain(
  vpp: Vpp,
  tables: readonly TableEntry[],
  miss: number,
  mark: number = ownMark,
): Promise<number> {
  let head = anyIndex;
  try {
    for (const table of [...tables].reverse()) {
      const { new_table_index } = await vpp.request('classify_add_del_table', {
        ...unused,
        ...sizeOf(table),
        is_add: true,
        del_chain: false,
        table_index: anyIndex,
        match_n_vectors: classifiedBytes / vector,
        next_table_index: head,
        miss_next_index: miss,
        mask: bytes(table.mask),
      });
      head = new_table_index;
      await Promise.all(table.sessions.map((session) => addSession(vpp, new_table_index, mark, session)));
    }
  } catch (error) {
    if (head !== anyIndex && error instanceof VppRetvalError) await deleteClassifier(vpp, head);
    throw error;
  }
  return head;
}

/** The sessions of a table live in a heap of its own, and VPP dies when it is full: it is only touched as far as used. */
function sizeOf({ sessions }: TableEntry) {
  const nbuckets = 2 ** Math.ceil(Math.log2(Math.max(2, sessions.length)));
  return { nbuckets, memory_size: 0x40000 + 0x800 * sessions.length };
}

async function addSession(
  vpp: Vpp,
  table: number,
  mark: number,
  { match, hit }: TableEntry['sessions'][number],
): Promise<void> {
  await vpp.request('classify_add_del_session', {
    is_add: true,
    table_index: table,
    opaque_index: mark,
    advance: 0,
    action: 0,
    metadata: 0,
    hit_next_index: hit,
    match: bytes(match),
  });
}

/** Deletes a table and those that follow it. VPP does so under the frames that are looked up in it: detach it before. */
export async function deleteClassifier(vpp: Vpp, head: number): Promise<void> {
  await vpp.request('classify_add_del_table', {
    ...unused,
    ...{ is_add: false, del_chain: true, table_index: head, nbuckets: 0, memory_size: 0, match_n_vectors: 0 },
    ...{ next_table_index: anyIndex, miss_next_index: anyIndex, mask: new Uint8Array() },
  });
}

/** Puts the tables on what an interface receives, or takes them off. VPP ignores the former if there are some already. */
export async function applyClassifier(vpp: Vpp, index: number, head: number, isAdd: boolean): Promise<void> {
  const tables = { ip4_table_index: anyIndex, ip6_table_index: anyIndex, l2_table_index: head };
  await vpp.request('input_acl_set_interface', { sw_if_index: index, ...tables, is_add: isAdd });
}

/** What is on an interface; undefined: nothing. */
async function readApplied(vpp: Vpp, index: number): Promise<(ActualClassifier & Chain) | undefined> {
  const head = await vpp.request('classify_table_by_interface', { sw_if_index: index }).then(
    (reply) => reply.l2_table_id,
    (error: unknown) => absent(error, anyIndex),
  );
  return head === anyIndex ? undefined : { table: head, ...(await readChain(vpp, head)) };
}

/**
 * The heads of chains that are ours and not among the `applied` ones: what an agent left that was killed before it had put
 * them on an interface, or whose interface somebody has deleted.
 */
async function readSpare({ vpp, contained }: ReadContext, applied: ReadonlySet<number>): Promise<number[]> {
  const { ids } = await vpp.request('classify_table_ids', {});
  const spare = await Promise.all(
    ids
      .filter((id) => !applied.has(id))
      .map(async (id) => {
        // One that nobody can make sense of is not ours.
        const strange: Chain = { tables: [id], classifier: null };
        const read = () => readChain(vpp, id);
        return { id, chain: await contained.attemptAsync(`classifier table ${id}`, read, strange) };
      }),
  );
  const own = spare.filter(({ chain }) => chain.classifier !== null);
  const followers = new Set(own.flatMap(({ chain }) => chain.tables.slice(1)));
  return own.map(({ id }) => id).filter((id) => !followers.has(id));
}

interface Chain {
  readonly tables: readonly number[];
  readonly classifier: FrameClassifier | null;
}

async function readChain(vpp: Vpp, head: number): Promise<Chain> {
  const read: ClassifierTable[] = [];
  const tables: number[] = [];
  let permitOthers = false;
  for (let id = head; id !== anyIndex && !tables.includes(id); ) {
    const info = await vpp
      .request('classify_table_info', { table_id: id })
      .catch((error: unknown) => absent(error, null));
    tables.push(id);
    if (!info || info.mask.length !== classifiedBytes || info.skip_n_vectors !== 0) return { tables, classifier: null };
    const sessions = await sessionsOf.of(vpp)(id);
    if (sessions.length === 0 || sessions.some(({ opaque }) => opaque !== ownMark)) return { tables, classifier: null };
    read.push({
      mask: hex(info.mask),
      sessions: sessions.map(({ match, isPermitted }) => ({ match, permit: isPermitted })),
    });
    permitOthers = info.miss_next_index === permit.miss;
    id = info.next_table_index;
  }
  return { tables, classifier: { tables: read, permitOthers } };
}

/** VPP's answer for an interface or a table that is gone; every other error is one. */
function absent<T>(error: unknown, value: T): T {
  if (isGone(error)) return value;
  throw error;
}

const hex = (raw: Uint8Array): string => Buffer.from(raw).toString('hex');
const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'));
